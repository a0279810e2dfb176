import { HttpError } from '../../lib/http/errors.ts'
import { readIndex } from '../../lib/log/index-file.ts'
import { writersOf } from '../../lib/log/inventory.ts'
import type { Codec } from '../../lib/log/log.ts'
import { readSegment } from '../../lib/log/segment-reader.ts'
import { segmentsOf } from '../../lib/log/segments.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { compareKeys, type Key, type Keyed } from './keys.ts'
import type { OlderPage, OlderQuery, ReadOlder } from './older.ts'

export interface LogPagesOptions<T> {
  volume: Volume
  stream: string
  codec: Codec<never, T>
  /** After this many bytes a search is cut: the caller gets what is certain and a place to go on from. */
  budgetBytes?: number
}

/** The rest of a long log is read a step at a time, bytes. */
const BUDGET_BYTES = 32 * 1024 * 1024

/** Searches under way at once, and those that may wait for one of them. */
const MOST_RUNNING = 2
const MOST_WAITING = 32

interface Segment {
  writer: string
  name: string
  bytes: number | undefined
  /** Unsealed segments have no index: they may hold anything. */
  minAt: number
  maxAt: number
}

/**
 * Pages of the past, from the segments. They are visited from the newest to the oldest by their index; as soon as enough
 * entries are newer than everything that is still unread, the page is certain.
 */
export function createLogPages<T>(options: LogPagesOptions<T>): ReadOlder<T> {
  const gate = new Gate(MOST_RUNNING, MOST_WAITING)
  return (query) => gate.run(() => readOlder(options, query))
}

async function readOlder<T>(options: LogPagesOptions<T>, query: OlderQuery<T>): Promise<OlderPage<T>> {
  const { volume, stream, codec, budgetBytes = BUDGET_BYTES } = options
  const { below, from = -Infinity, to = Infinity, limit, filter } = query
  const newest = new NewestFew<T>(limit)
  const segments = (await segmentsIn(volume, stream))
    .filter(({ minAt, maxAt }) => minAt <= below.at && maxAt >= from && minAt < to)
    .sort((a, b) => b.maxAt - a.maxAt)
  let spent = 0
  for (const [i, segment] of segments.entries()) {
    // Everything unread is at or below this instant; what is above it can not be surpassed any more.
    const unread = segment.maxAt
    if (newest.full && newest.oldestAt > unread) return { entries: newest.sorted() }
    if (i > 0 && spent >= budgetBytes && unread < Math.min(below.at, to)) {
      const certain = newest.sorted().filter(({ at }) => at > unread)
      return { entries: certain, resumeBelow: { at: unread, writer: '~', seq: Number.MAX_SAFE_INTEGER } }
    }
    const { writer, name, bytes } = segment
    const end = bytes === undefined ? {} : { end: bytes }
    for await (const { entries } of readSegment({ volume, stream, writer, segment: name, codec, ...end })) {
      for (const { at, seq, value } of entries) {
        if (at < from || at >= to || at > below.at) continue
        const entry = { at, writer, seq, value }
        if (compareKeys(entry, below) < 0 && filter(value)) newest.offer(entry)
      }
    }
    spent += bytes ?? 0
  }
  return { entries: newest.sorted() }
}

export interface LogRange {
  from?: number | undefined
  to?: number | undefined
}

/**
 * Every entry of a stream in chunks, in bounded memory: each writer in the order of its log, the writers merged by record
 * time.
 */
export async function* readWholeLog<T>(options: LogPagesOptions<T>, range: LogRange): AsyncGenerator<T[]> {
  const segments = (await segmentsIn(options.volume, options.stream)).filter(
    ({ minAt, maxAt }) => maxAt >= (range.from ?? -Infinity) && minAt < (range.to ?? Infinity),
  )
  const names = [...new Set(segments.map(({ writer }) => writer))]
  const heads = names.map((writer) => new Head(entriesOf(options, writer, segments, range)))
  await Promise.all(heads.map((head) => head.fill()))
  let chunk: T[] = []
  for (;;) {
    let first: Head<T> | undefined
    for (const head of heads) if (head.at !== undefined && (first?.at === undefined || head.at < first.at)) first = head
    if (first === undefined) break
    chunk.push(first.take())
    if (first.at === undefined) await first.fill()
    if (chunk.length < 1000) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

async function* entriesOf<T>(
  { volume, stream, codec }: LogPagesOptions<T>,
  writer: string,
  segments: readonly Segment[],
  { from = -Infinity, to = Infinity }: LogRange,
): AsyncGenerator<Keyed<T>[]> {
  let lastSeq = 0
  for (const { name, bytes } of segments.filter((segment) => segment.writer === writer)) {
    const end = bytes === undefined ? {} : { end: bytes }
    for await (const { entries } of readSegment({ volume, stream, writer, segment: name, codec, ...end })) {
      const chosen: Keyed<T>[] = []
      for (const entry of entries) {
        if (entry.seq <= lastSeq) continue
        lastSeq = entry.seq
        if (entry.at >= from && entry.at < to) chosen.push(entry)
      }
      if (chosen.length > 0) yield chosen
    }
  }
}

/** Segments in the order of writing. */
async function segmentsIn(volume: Volume, stream: string): Promise<Segment[]> {
  const segments: Segment[] = []
  for (const writer of await writersOf(volume, stream)) {
    const folder = `${stream}/${writer}`
    const names = segmentsOf(await volume.list(folder))
    const index = await readIndex(volume, folder)
    for (const name of names) {
      const sealed = index.get(name)
      if (sealed === undefined) segments.push({ writer, name, bytes: undefined, minAt: -Infinity, maxAt: Infinity })
      else if (sealed.lines > 0) {
        const { bytes, minAt, maxAt } = sealed
        segments.push({ writer, name, bytes, minAt, maxAt })
      }
    }
  }
  return segments
}

/** The newest `limit` of everything offered, repeats dropped, in memory for twice as many. */
class NewestFew<T> {
  readonly #limit: number
  #entries: Keyed<T>[] = []
  #sorted = true

  constructor(limit: number) {
    this.#limit = limit
  }

  get full(): boolean {
    return this.sorted().length >= this.#limit
  }

  get oldestAt(): number {
    return this.sorted().at(-1)?.at ?? -Infinity
  }

  offer(entry: Keyed<T>): void {
    this.#entries.push(entry)
    this.#sorted = false
    if (this.#entries.length >= 2 * this.#limit + 64) this.sorted()
  }

  /** Newest first. */
  sorted(): Keyed<T>[] {
    if (this.#sorted) return this.#entries
    this.#entries.sort((a, b) => compareKeys(b, a))
    this.#entries = this.#entries
      .filter((entry, i, all) => i === 0 || compareKeys(entry, all[i - 1] as Key) !== 0)
      .slice(0, this.#limit)
    this.#sorted = true
    return this.#entries
  }
}

/** The next entry of one writer. */
class Head<T> {
  readonly #source: AsyncIterator<Keyed<T>[]>
  #chunk: Keyed<T>[] = []
  #next = 0

  constructor(source: AsyncIterable<Keyed<T>[]>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Undefined when the chunk is used up, and for ever once the log is. */
  get at(): number | undefined {
    return this.#chunk[this.#next]?.at
  }

  take(): T {
    const entry = this.#chunk[this.#next] as Keyed<T>
    this.#next += 1
    return entry.value
  }

  async fill(): Promise<void> {
    const { value, done } = await this.#source.next()
    this.#chunk = done ? [] : value
    this.#next = 0
  }
}

/** Lets a few in at once and a few more wait. */
class Gate {
  readonly #mostRunning: number
  readonly #mostWaiting: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(mostRunning: number, mostWaiting: number) {
    this.#mostRunning = mostRunning
    this.#mostWaiting = mostWaiting
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#running >= this.#mostRunning) {
      if (this.#waiting.length >= this.#mostWaiting) {
        throw new HttpError(503, 'too many searches of the past are under way', {
          hint: 'narrow the search with from and to, or try again',
          headers: { 'Retry-After': '2' },
        })
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }
}
