import { compareKeys, type Key, type Keyed } from './keys.ts'
import type { ReadOlder } from './older.ts'
import type { OrderedStore } from './ordered-store.ts'

export interface PageQuery<F> {
  /** The place after which the page begins: the key of the last item of the page before. */
  below?: Key | undefined
  from?: number | undefined
  to?: number | undefined
  limit: number
  filter(value: F): boolean
}

export interface Page<T> {
  entries: Keyed<T>[]
  /** Present when there is, or may be, more. A page may be short and still have a next one. */
  next?: Key
}

/**
 * A page of a stream, newest first: from memory as far as it reaches, from the segments below that. A cursor is a place
 * in the order and not a count, so whatever arrives meanwhile neither repeats nor hides an item of a later page.
 */
export async function readPage<T extends F, F>(
  store: OrderedStore<T, F>,
  readOlder: ReadOlder<T>,
  query: PageQuery<F>,
): Promise<Page<T>> {
  const { below, from, to, limit, filter } = query
  // Taken before anything else can be appended: what falls out of memory during the read below is found in the segments.
  const { floor } = store
  const entries = store.descending({ before: below, from, to, limit: limit + 1, filter })
  if (entries.length > limit) return cut(entries, limit)
  if (floor === undefined || (from !== undefined && floor.at < from)) return { entries }
  const start = below !== undefined && compareKeys(below, floor) <= 0 ? below : justAbove(floor)
  const older = await readOlder({ below: start, from, to, limit: limit + 1 - entries.length, filter })
  const all = [...entries, ...older.entries]
  if (all.length > limit) return cut(all, limit)
  return older.resumeBelow === undefined ? { entries: all } : { entries: all, next: older.resumeBelow }
}

function cut<T>(entries: Keyed<T>[], limit: number): Page<T> {
  const page = entries.slice(0, limit)
  const last = page.at(-1)
  return last === undefined
    ? { entries: page }
    : { entries: page, next: { at: last.at, writer: last.writer, seq: last.seq } }
}

/** The floor itself is not in memory: the segments have to give it. */
function justAbove(floor: Key): Key {
  return { ...floor, seq: floor.seq + 1 }
}

/**
 * A cursor as callers see it. The letter says which list it belongs to, so that one of another list is refused instead of
 * being misread.
 */
export function toCursor(list: string, key: Key): string {
  return Buffer.from(`${list} ${key.at} ${key.seq} ${key.writer}`).toString('base64url')
}

export function parseCursor(list: string, text: string): Key | undefined {
  if (!/^[A-Za-z0-9_-]{1,200}$/.test(text)) return undefined
  const decoded = Buffer.from(text, 'base64url').toString('utf8')
  const parts = /^(\w+) (\d{1,10}(?:\.\d{1,6})?) (\d{1,16}) ([\w~-]{1,80})$/.exec(decoded)
  if (parts === null || parts[1] !== list) return undefined
  return { at: Number(parts[2]), seq: Number(parts[3]), writer: parts[4] ?? '' }
}
