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
  path: readonly PropertyKey[]
  message: string
}

interface PlacedProblem {
  line: number
  column: number
  message: string
}

const MAX_PROBLEMS = 50

/**
 * Reads a YAML file that a schema describes.
 * @throws DtmsError with the kind's code that lists every problem with its line and column, first come first
 */
export function parseYamlFile<T>(text: string, fileName: string, kind: YamlFileKind<T>): T {
  const fail = (problems: PlacedProblem[], cause?: unknown) => invalid(fileName, kind, problems, cause)
  if (Buffer.byteLength(text) > kind.maxBytes)
    throw fail([{ line: 1, column: 1, message: `is larger than ${kind.maxBytes} bytes` }])
  const lineCounter = new LineCounter()
  const position = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  let document: Document
  try {
    document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, version: '1.2' })
  } catch (cause) {
    // Thousands of nested brackets exhaust the parser's stack.
    throw fail([{ line: 1, column: 1, message: 'cannot be parsed: it is nested too deeply' }], cause)
  }
  if (document.errors.length > 0) {
    throw fail(
      document.errors.map((error) => ({
        ...position(error.pos[0]),
        message: error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code,
      })),
    )
  }
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: 20 })
  } catch (cause) {
    throw fail([{ line: 1, column: 1, message: 'cannot be read: too many aliases' }], cause)
  }
  const parsed = kind.schema.safeParse(raw)
  const issues = [...(parsed.error?.issues ?? []), ...(kind.check?.(raw) ?? [])]
  if (parsed.success && issues.length === 0) return parsed.data
  throw fail(issues.flatMap((issue) => toPlaced(issue, document, position)))
}

function toPlaced(
  issue: z.core.$ZodIssue | YamlProblem,
  document: Document,
  position: (offset: number) => { line: number; column: number },
): PlacedProblem[] {
  const name = issue.path.map(String).join('.')
  if ('code' in issue && issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...position(offsetOf(document, [...issue.path, key], true)),
      message: `${name === '' ? '' : `${name}: `}unknown key ${JSON.stringify(key.slice(0, 64))}`,
    }))
  }
  const at = position(offsetOf(document, issue.path, false))
  return [{ ...at, message: name === '' ? issue.message : `${name}: ${issue.message}` }]
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

function invalid<T>(fileName: string, kind: YamlFileKind<T>, problems: PlacedProblem[], cause?: unknown): DtmsError {
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
