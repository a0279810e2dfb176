import { createHash } from 'node:crypto'
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { DtmsError } from '../lib/errors.ts'
import type { SiteName } from '../lib/names.ts'
import { checkScenario, type ScenarioProblem } from './scenario-checks.ts'
import { type LinkDefaults, type ScenarioFile, scenarioSchema } from './scenario-schema.ts'

/** One ordered link with everything that it is like. */
export interface LinkSpec extends LinkDefaults {
  source: SiteName
  destination: SiteName
}

/** A checked scenario: what to simulate, complete, with every link written out. */
export interface Scenario extends Omit<ScenarioFile, 'link' | 'links'> {
  links: LinkSpec[]
}

const MAX_SCENARIO_BYTES = 256 * 1024
const MAX_PROBLEMS = 50

interface Place {
  line: number
  column: number
}

interface Problem extends Place {
  message: string
}

type Issue = z.core.$ZodIssue | ScenarioProblem
type Position = (offset: number) => Place

/**
 * Reads a scenario file.
 * @throws DtmsError `scenario.invalid` that lists every problem with its line and column, first come first
 */
export function parseScenario(yamlText: string, fileName: string): Scenario {
  if (Buffer.byteLength(yamlText) > MAX_SCENARIO_BYTES)
    throw invalid(fileName, [{ line: 1, column: 1, message: `is larger than ${MAX_SCENARIO_BYTES} bytes` }])
  const lines = new LineCounter()
  const document = parseDocument(yamlText, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const position: Position = (offset) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (document.errors.length > 0) {
    // Thousands of nested brackets exhaust the parser's stack, and every one of them is then unclosed as well.
    if (document.errors.some((error) => error.message.includes('call stack')))
      throw invalid(fileName, [{ line: 1, column: 1, message: 'is nested too deeply' }])
    const problems = document.errors.map((error) => ({
      ...position(error.pos[0]),
      message: error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code,
    }))
    throw invalid(fileName, problems)
  }
  const raw = toPlainData(document, fileName)
  const parsed = scenarioSchema.safeParse(raw)
  const issues = [...(parsed.error?.issues ?? []), ...checkScenario(raw)]
  if (parsed.success && issues.length === 0) return complete(parsed.data)
  throw invalid(
    fileName,
    issues.flatMap((issue) => toProblems(issue, document, position)),
  )
}

/** Identity of what a scenario means: comments, order of keys and written-out defaults do not count. */
export function scenarioHash(scenario: Scenario): string {
  return createHash('sha256').update(JSON.stringify(scenario)).digest('hex')
}

function toPlainData(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 })
  } catch (cause) {
    throw invalid(fileName, [{ line: 1, column: 1, message: 'cannot be read: too many aliases' }], cause)
  }
}

function toProblems(issue: Issue, document: Document, position: Position): Problem[] {
  const name = issue.path.map(String).join('.')
  const prefix = name === '' ? '' : `${name}: `
  if ('code' in issue && issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
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

function invalid(fileName: string, problems: Problem[], cause?: unknown): DtmsError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const shown = sorted
    .slice(0, MAX_PROBLEMS)
    .map(({ line, column, message }) => `${fileName}:${line}:${column} ${message}`)
  if (sorted.length > MAX_PROBLEMS) shown.push(`and ${sorted.length - MAX_PROBLEMS} more`)
  const count = sorted.length === 1 ? '1 problem' : `${sorted.length} problems`
  return new DtmsError('scenario.invalid', `${fileName} has ${count}:\n  ${shown.join('\n  ')}`, {
    hint: 'correct the file; docs/simulator.md describes the format, simulator/scenarios/default.yaml is an example',
    ...(cause === undefined ? {} : { cause }),
  })
}

function complete(file: ScenarioFile): Scenario {
  const { link: defaults, links, ...rest } = file
  const listed =
    links === 'all'
      ? file.sites.flatMap((source) =>
          file.sites.filter((destination) => destination !== source).map((destination) => ({ source, destination })),
        )
      : links
  return { ...rest, links: listed.map((link) => withDefaults(defaults, link)) }
}

function withDefaults(defaults: LinkDefaults, link: Exclude<ScenarioFile['links'], 'all'>[number]): LinkSpec {
  return {
    source: link.source,
    destination: link.destination,
    capacityMBps: link.capacityMBps ?? defaults.capacityMBps,
    parallel: link.parallel ?? defaults.parallel,
    setupFactor: link.setupFactor ?? defaults.setupFactor,
    rttSeconds: link.rttSeconds ?? defaults.rttSeconds,
    lossShare: link.lossShare ?? defaults.lossShare,
    protocol: link.protocol ?? defaults.protocol,
    arrivals: { ...defaults.arrivals, ...link.arrivals } as LinkDefaults['arrivals'],
    stream: { ...defaults.stream, ...link.stream } as LinkDefaults['stream'],
  }
}
