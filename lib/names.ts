import { DtmsError } from './errors.ts'

/** A site, endpoint or recorder name that has passed the allow-list. The only way to get one is `siteName`. */
export type SiteName = string & { readonly __site: never }

const pattern = /^[A-Z0-9][A-Z0-9_]{0,31}$/

/** Names that have passed before: a log has few, and every line names three. Bounded, because input is not. */
const passed = new Set<unknown>()
const MOST_PASSED = 4096

export function isSiteName(text: unknown): text is SiteName {
  if (passed.has(text)) return true
  if (typeof text !== 'string' || !pattern.test(text)) return false
  if (passed.size < MOST_PASSED) passed.add(text)
  return true
}

/** Checks a name at an edge (settings, files found, requests, keys). */
export function siteName(text: string): SiteName {
  if (isSiteName(text)) return text
  throw new DtmsError('record.invalid', `not a site name: ${JSON.stringify(text.slice(0, 64))}`, {
    hint: 'use 1 to 32 characters of A-Z, 0-9 and _, starting with a letter or digit',
  })
}

/** The ordered pair source -> destination, the unit of detection. */
export type LinkKey = string & { readonly __link: never }

/** Keys that have been made before: the same string again has its hash already. Bounded, because input is not. */
const made = new Map<SiteName, Map<SiteName, LinkKey>>()
let madeCount = 0
const MOST_MADE = 4096

export function linkKey(source: SiteName, destination: SiteName): LinkKey {
  return made.get(source)?.get(destination) ?? newLinkKey(source, destination)
}

function newLinkKey(source: SiteName, destination: SiteName): LinkKey {
  const key = `${source}>${destination}` as LinkKey
  if (madeCount >= MOST_MADE) return key
  madeCount += 1
  const ofSource = made.get(source) ?? new Map<SiteName, LinkKey>()
  made.set(source, ofSource.set(destination, key))
  return key
}

export function linkEnds(key: LinkKey): { source: SiteName; destination: SiteName } {
  const [source, destination] = key.split('>') as [SiteName, SiteName]
  return { source, destination }
}

/** What a fault, a maintenance window or an alarm is about. */
export type Scope = { site: SiteName } | { source: SiteName; destination: SiteName } | { platform: true }

/** Whether a transfer over this link is inside the scope (a site covers every link that touches it). */
export function covers(scope: Scope, source: SiteName, destination: SiteName): boolean {
  if ('platform' in scope) return true
  if ('site' in scope) return scope.site === source || scope.site === destination
  return scope.source === source && scope.destination === destination
}
