import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { DtmsError, type ErrorCode } from './errors.ts'

/** A file that people write by hand: what it may be, and what its errors say. */
export interface YamlFileKind<T> {
  schema: z.ZodType<T>
  code: ErrorCode
  hint: string
  maxBytes: number
  /** Rules that the schema cannot say, asked also when the schema is broken, so that all problems come at once. */
  check?: (raw: unknown) => readonly YamlProblem[]
}

export interface YamlProblem {
  path: PropertyKey[]
  message: string
}

interface Place {
  line: number
  column: number
}

interface Problem extends Place {
  message: string
}

type Issue = z.core.$ZodIssue | YamlProblem
type Position = (offset: number) => Place

const MAX_PROBLEMS = 50

/**
 * Reads a YAML file that a schema describes.
 * @throws DtmsError with the kind's code that lists every problem with its line and column, first come first
 */
export function parseYamlFile<T>(text: string, fileName: string, kind: YamlFileKind<T>): T {
  const whole = (message: string, cause?: unknown) => invalid(fileName, kind, [{ line: 1, column: 1, message }], cause)
  if (Buffer.byteLength(text) > kind.maxBytes) throw whole(`is larger than ${kind.maxBytes} bytes`)
  const lines = new LineCounter()
  let document: Document
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  } catch (cause) {
    // Nested dashes exhaust a part of the parser that throws; brackets one that reports it among the errors (below).
    throw whole('is nested too deeply', cause)
  }
  const position: Position = (offset) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (document.errors.length > 0) {
    // Thousands of nested brackets exhaust the parser's stack, and every one of them is then unclosed as well.
    if (document.errors.some((error) => error.message.includes('call stack'))) throw whole('is nested too deeply')
    const problems = document.errors.map((error) => ({
      ...position(error.pos[0]),
      message: error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code,
    }))
    throw invalid(fileName, kind, problems)
  }
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: 20 })
  } catch (cause) {
    throw whole('cannot be read: too many aliases', cause)
  }
  const parsed = kind.schema.safeParse(raw)
  const issues: Issue[] = [...(parsed.error?.issues ?? []), ...(kind.check?.(raw) ?? [])]
  if (parsed.success && issues.length === 0) return parsed.data
  throw invalid(
    fileName,
    kind,
    issues.flatMap((issue) => toProblems(issue, document, position)),
  )
}

function toProblems(issue: Issue, document: Document, position: Position): Problem[] {
  const name = issue.path.map(String).join('.')
  const prefix = name === '' ? '' : `${name}: `
  if ('code' in issue && issue.code === 'unrecognized_keys') {
    // Each costs a look through the map; more than are shown need not be placed.
    return issue.keys.slice(0, MAX_PROBLEMS).map((key) => ({
      ...position(offsetOf(document, [...issue.path, key], true)),
      message: `${prefix}unknown key ${JSON.stringify(key.slice(0, 64))}`,
    }))
  }
  if ('code' in issue && issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors)
    if (meant !== undefined)
      return meant.flatMap((inner) =>
        toProblems({ ...inner, path: [...issue.path, ...inner.path] }, document, position),
      )
  }
  const message = issue.message.endsWith('received undefined') ? 'is required' : issue.message
  return [{ ...position(offsetOf(document, issue.path, false)), message: prefix + message }]
}

/** Of the forms that a value may have, the one that it comes closest to; undefined when it has none of them. */
function meantBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const near = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  )
  return near.toSorted((a, b) => a.length - b.length)[0]
}

/** Where the value of a path begins; for a path that is not there, where its nearest parent begins. */
function offsetOf(document: Document, path: readonly PropertyKey[], ofKey: boolean): number {
  let node: Node | null = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step)
      if (pair === undefined) return offset
      if (ofKey && index === path.length - 1 && isNode(pair.key)) return pair.key.range?.[0] ?? offset
      node = isNode(pair.value) ? pair.value : null
    } else {
      const item: unknown = node !== null && 'items' in node ? node.items[Number(step)] : undefined
      node = isNode(item) ? item : null
    }
    if (node === null) return offset
    offset = node.range?.[0] ?? offset
  }
  return offset
}

function invalid<T>(fileName: string, kind: YamlFileKind<T>, problems: Problem[], cause?: unknown): DtmsError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const shown = sorted
    .slice(0, MAX_PROBLEMS)
    .map(({ line, column, message }) => `${fileName}:${line}:${column} ${message}`)
  if (sorted.length > MAX_PROBLEMS) shown.push(`and ${sorted.length - MAX_PROBLEMS} more`)
  const count = sorted.length === 1 ? '1 problem' : `${sorted.length} problems`
  return new DtmsError(kind.code, `${fileName} has ${count}:\n  ${shown.join('\n  ')}`, {
    hint: kind.hint,
    ...(cause === undefined ? {} : { cause }),
  })
}
