import type { Key, Keyed } from './keys.ts'

/** What a page needs of the entries that are no longer in memory. */
export interface OlderQuery<T> {
  /** Only entries below this key. */
  below: Key
  /** Only entries at or after this instant. */
  from?: number | undefined
  /** Only entries before this instant. */
  to?: number | undefined
  limit: number
  filter(value: T): boolean
}

export interface OlderPage<T> {
  /** Newest first. */
  entries: Keyed<T>[]
  /** There may be more below this key; undefined when everything has been looked at. */
  resumeBelow?: Key
}

export type ReadOlder<T> = (query: OlderQuery<T>) => Promise<OlderPage<T>>
