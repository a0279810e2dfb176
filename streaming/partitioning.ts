/**
 * Which partition a link's records go to: Kafka's own choice for a key when the link is first seen, and the same for ever.
 *
 * Kafka's partitioner sends a key elsewhere as soon as a topic grows. Then one link's records would lie in two places, out
 * of order, and a record that is sent again after a crash would not meet the consumer that knows it. So the choice is kept
 * (with the producer's place in the log, saved before the first record of a link is sent); new links use a grown topic.
 */
export class Partitioning {
  readonly #byKey: Map<string, number>
  #partitions: number

  constructor(partitions: number, saved: Iterable<readonly [key: string, partition: number]> = []) {
    this.#partitions = partitions
    this.#byKey = new Map(saved)
  }

  get partitions(): number {
    return this.#partitions
  }

  /** A topic never shrinks; one that was made anew with fewer partitions gives new choices to the keys that lost theirs. */
  resize(partitions: number): void {
    this.#partitions = partitions
    for (const [key, partition] of this.#byKey) if (partition >= partitions) this.#byKey.delete(key)
  }

  of(key: string): { partition: number; isNew: boolean } {
    const known = this.#byKey.get(key)
    if (known !== undefined) return { partition: known, isNew: false }
    const partition = defaultPartition(key, this.#partitions)
    this.#byKey.set(key, partition)
    return { partition, isNew: true }
  }

  /** To be saved. */
  entries(): [key: string, partition: number][] {
    return [...this.#byKey]
  }
}

/** As Kafka's Java client does it for a key: murmur2 of its UTF-8 bytes, made positive, modulo the partitions. */
export function defaultPartition(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

/** MurmurHash2 with the seed that Kafka uses (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(bytes: Uint8Array): number {
  const factor = 0x5bd1e995
  let hash = 0x9747b28c ^ bytes.length
  const whole = bytes.length & ~3
  for (let i = 0; i < whole; i += 4) {
    let word = byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24)
    word = Math.imul(word, factor)
    word ^= word >>> 24
    hash = Math.imul(hash, factor) ^ Math.imul(word, factor)
  }
  if (bytes.length > whole) {
    for (let i = bytes.length - 1; i >= whole; i -= 1) hash ^= byte(bytes, i) << (8 * (i - whole))
    hash = Math.imul(hash, factor)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, factor)
  return hash ^ (hash >>> 15)
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}
