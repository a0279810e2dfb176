import type { Codec } from './log.ts'

/** A group larger than this gives its memory back; smaller ones share it. */
const KEPT_BYTES = 1024 * 1024

/**
 * The lines of entries that are appended together, as bytes one behind the other. They are made here before any of them
 * gets its seq for good, because one entry that breaks a rule refuses the whole group.
 */
export class LineGroup {
  #memory = Buffer.allocUnsafeSlow(4096)
  readonly #ends: number[] = []

  get memory(): Buffer {
    return this.#memory
  }

  /** Byte behind each line. */
  get ends(): readonly number[] {
    return this.#ends
  }

  /** Replaces what was there. Throws what the codec throws. */
  fill<Written>(codec: Codec<Written, unknown>, entries: readonly Written[], firstSeq: number): void {
    if (this.#memory.length > KEPT_BYTES) this.#memory = Buffer.allocUnsafeSlow(4096)
    this.#ends.length = 0
    const { bytes } = codec
    let end = 0
    let seq = firstSeq
    for (const entry of entries) {
      if (bytes === undefined) {
        const line = codec.serialise(entry, seq)
        this.#reserve(end, Buffer.byteLength(line))
        end += this.#memory.write(line, end)
      } else {
        this.#reserve(end, bytes.most)
        end = bytes.write(entry, seq, this.#memory, end)
      }
      this.#ends.push(end)
      seq += 1
    }
  }

  #reserve(used: number, more: number): void {
    if (used + more <= this.#memory.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (used + more))
    this.#memory.copy(larger, 0, 0, used)
    this.#memory = larger
  }
}
