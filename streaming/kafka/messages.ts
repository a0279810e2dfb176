import type { BusMessage, BusRecord, PartitionEnd } from '../bus.ts'

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

const noHeaders: ReadonlyMap<string, string> = new Map()

export function toBusMessage({ offset, key, value, headers, timestamp }: ReadMessage): BusMessage {
  return {
    offset: Number(offset),
    key: key === null ? undefined : key.toString('utf8'),
    value: value ?? undefined,
    headers: headers === undefined ? noHeaders : toHeaders(headers),
    timestampMs: Number(timestamp),
  }
}

export function toWritten({ key, value, partition, headers, timestampMs }: BusRecord): WrittenMessage {
  return { key, value, partition, headers: asObject(headers), timestamp: String(Math.round(timestampMs)) }
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

/** A header that comes more than once has its last value. */
function toHeaders(headers: NonNullable<ReadMessage['headers']>): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  for (const name in headers) {
    const given = headers[name]
    const value = Array.isArray(given) ? given.at(-1) : given
    if (value !== undefined) map.set(name, value.toString('utf8'))
  }
  return map.size === 0 ? noHeaders : map
}
