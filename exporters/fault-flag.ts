import { DtmsError } from '../lib/errors.ts'
import { isSiteName, type Scope } from '../lib/names.ts'
import type { FaultRequest } from '../lib/streams/control.ts'

const UNITS = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
])

/**
 * A fault as the command line names it: `kind:scope:severity:start:duration`, for example
 * `link-brownout:SITE_A>SITE_B:0.8:6h:20m`. The scope is a site, a link or `platform`; the start counts from the
 * beginning of the simulation; times are seconds or carry s, m, h or d.
 */
export function parseFaultFlag(text: string, seq: number, simulationStart: number): FaultRequest {
  const [kind, scopeText, severityText, startText, durationText, ...rest] = text.split(':')
  const scope = parseScope(scopeText ?? '')
  const severity = Number(severityText)
  const start = parseDuration(startText ?? '')
  const durationSeconds = parseDuration(durationText ?? '')
  const problems = [
    ...(rest.length > 0 || durationText === undefined ? ['it has five parts divided by colons'] : []),
    ...(scope === undefined ? ['the scope is a site (SITE_A), a link (SITE_A>SITE_B) or platform'] : []),
    ...(severity > 0 && severity <= 1 ? [] : ['the severity is a number above 0 and up to 1']),
    ...(start === undefined ? ['the start is a time like 90, 30s, 20m, 6h or 1d'] : []),
    ...(durationSeconds === undefined || durationSeconds === 0 ? ['the duration is a time above 0 like 20m'] : []),
  ]
  if (
    kind === undefined ||
    kind === '' ||
    scope === undefined ||
    start === undefined ||
    !durationSeconds ||
    problems.length > 0
  ) {
    throw new DtmsError('usage.invalid', `not a fault: ${JSON.stringify(text.slice(0, 200))}: ${problems.join('; ')}`, {
      hint: 'write kind:scope:severity:start:duration, for example link-brownout:SITE_A>SITE_B:0.8:6h:20m',
    })
  }
  return {
    v: 1,
    seq,
    at: simulationStart,
    type: 'fault',
    kind,
    scope,
    severity,
    durationSeconds,
    effectiveAt: simulationStart + start,
    hidden: false,
  }
}

function parseScope(text: string): Scope | undefined {
  if (text === 'platform') return { platform: true }
  const [source, destination, ...rest] = text.split('>')
  if (rest.length > 0 || !isSiteName(source)) return undefined
  if (destination === undefined) return { site: source }
  return isSiteName(destination) && destination !== source ? { source, destination } : undefined
}

function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([smhd]?)$/.exec(text)
  const unit = UNITS.get(match?.[2] ?? 'unknown')
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}
