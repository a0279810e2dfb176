import type { BusMessage, BusRecord, MessageHeaders, PartitionEnd } from '../bus.ts'

/** A record as the client library hands it out. */
export interface ReadMessage {
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>
  timestamp: string
}

export interface WrittenMessage {
  key: string
  value: Buffer
  partition: number
  headers: Record<string, string>
  timestamp: string
}

type RawHeaders = NonNullable<ReadMessage['headers']>

/** Decodes what is asked for: most messages are read for their value and one header. */
class KafkaMessage implements BusMessage {
  readonly offset: number
  readonly value: Buffer | undefined
  readonly headers: MessageHeaders
  readonly timestampMs: number
  readonly #key: Buffer | null

  constructor({ offset, key, value, headers, timestamp }: ReadMessage) {
    this.offset = Number(offset)
    this.value = value ?? undefined
    this.headers = headers === undefined ? noHeaders : new KafkaHeaders(headers)
    this.timestampMs = Number(timestamp)
    this.#key = key
  }

  get key(): string | undefined {
    return this.#key?.toString('utf8')
  }
}

/** A header that comes more than once has its last value. */
class KafkaHeaders implements MessageHeaders {
  readonly #raw: RawHeaders

  constructor(raw: RawHeaders) {
    this.#raw = raw
  }

  get(name: string): string | undefined {
    // The names come from others, and the client library keeps them in a plain object.
    if (!Object.hasOwn(this.#raw, name)) return undefined
    const given = this.#raw[name]
    return (Array.isArray(given) ? given.at(-1) : given)?.toString('utf8')
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of Object.keys(this.#raw)) {
      const value = this.get(name)
      if (value !== undefined) yield [name, value]
    }
  }
}

const noHeaders: MessageHeaders = new Map()

export function toBusMessage(message: ReadMessage): BusMessage {
  return new KafkaMessage(message)
}

export function toWritten({ key, value, partition, headers, timestampMs }: BusRecord): WrittenMessage {
  return { key, value, partition, headers: asObject(headers), timestamp: asText(timestampMs) }
}

let last = { timestampMs: 0, text: '0' }

/** Many records have the same time, and the client library sorts them by it: equal strings are best one string. */
function asText(timestampMs: number): string {
  if (timestampMs !== last.timestampMs) last = { timestampMs, text: String(Math.round(timestampMs)) }
  return last.text
}

/** Publishers give many records the same map. */
const objects = new WeakMap<ReadonlyMap<string, string>, Record<string, string>>()

function asObject(headers: ReadonlyMap<string, string>): Record<string, string> {
  let object = objects.get(headers)
  if (object === undefined) {
    object = Object.fromEntries(headers)
    objects.set(headers, object)
  }
  return object
}

/** What the broker said of each partition, as the offset of the newest record in it. */
export function toEnds(
  answers: readonly { partition: number; baseOffset?: string; offset?: string }[],
  records: readonly BusRecord[],
): PartitionEnd[] {
  const counts = new Map<number, number>()
  for (const { partition } of records) counts.set(partition, (counts.get(partition) ?? 0) + 1)
  return answers.map(({ partition, baseOffset, offset }) => ({
    partition,
    offset: Number(baseOffset ?? offset ?? -1) + (counts.get(partition) ?? 1) - 1,
  }))
}
