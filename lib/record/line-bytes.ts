const ZERO = 0x30
const FOUR_ZEROS = 0x30303030
const QUOTE = 0x22
const BACKSLASH = 0x5c
const POINT = 0x2e
const MILLION = 1_000_000
const HUNDRED_MILLION = 100_000_000

/** A fixed piece of a line, ready to be written four bytes at a time. */
export interface Piece {
  readonly length: number
  /** Little-endian; the last one is filled up with zeros. */
  readonly words: Int32Array
}

export function piece(text: string): Piece {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
  padded.set(bytes)
  const view = new DataView(padded.buffer)
  return {
    length: bytes.length,
    words: Int32Array.from({ length: padded.length / 4 }, (_, i) => view.getInt32(i * 4, true)),
  }
}

/** What a step may write behind the place where it ends: the rest of a word of four bytes. */
export const SPARE_BYTES = 4

/**
 * Puts a line together in memory, four bytes at a time. Half the price of concatenating strings and encoding the result,
 * because no piece is ever a string of its own; the target must have room for the longest line and `SPARE_BYTES` more,
 * which is checked nowhere here. Each method takes the fixed piece that stands before its value.
 */
export class LineBytes {
  /** Where the next byte goes, from the start of the memory that the target is a part of. */
  #at = 0
  #target: Uint8Array = new Uint8Array(0)
  /** Over that whole memory: many lines share it. */
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))

  open(target: Uint8Array, at: number): void {
    this.#target = target
    if (target.buffer !== this.#view.buffer) this.#view = new DataView(target.buffer)
    this.#at = target.byteOffset + at
  }

  /** Where the next byte goes in the target. */
  get at(): number {
    return this.#at - this.#target.byteOffset
  }

  piece({ words, length }: Piece): void {
    const view = this.#view
    const at = this.#at
    for (let i = 0; i < words.length; i += 1) view.setInt32(at + 4 * i, words[i] as number, true)
    this.#at = at + length
  }

  /** Text that has only printable ASCII and nothing to escape: names and words of closed lists. */
  plain(before: Piece, text: string): void {
    this.piece(before)
    const view = this.#view
    const at = this.#at
    for (let i = 0; i < text.length; i += 1) view.setUint8(at + i, text.charCodeAt(i))
    this.#at = at + text.length
  }

  /** Any text as a JSON string. */
  quoted(before: Piece, text: string): void {
    this.piece(before)
    const view = this.#view
    let at = this.#at
    view.setUint8(at, QUOTE)
    at += 1
    for (let i = 0; i < text.length; i += 1, at += 1) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.#encoded(JSON.stringify(text))
        return
      }
      view.setUint8(at, code)
    }
    view.setUint8(at, QUOTE)
    this.#at = at + 1
  }

  /** A whole number from 0 to 2^53 - 1. */
  whole(before: Piece, value: number): void {
    this.piece(before)
    this.#digits(value)
  }

  /** Seconds to the microsecond. */
  micros(before: Piece, seconds: number): void {
    this.piece(before)
    const total = Math.round(seconds * MILLION)
    const whole = Math.floor(total / MILLION)
    this.#digits(whole)
    const fraction = (total - whole * MILLION) | 0
    if (fraction === 0) return
    const high = (fraction / 100) | 0
    const low = (fraction - high * 100) | 0
    this.#view.setUint8(this.#at, POINT)
    this.#view.setInt32(this.#at + 1, fourDigits(high), true)
    if (low !== 0) this.#view.setInt32(this.#at + 5, fourDigits(low * 100), true)
    this.#at += low === 0 ? 5 : 7
    this.#dropZeros()
  }

  /** Seconds to the millisecond. */
  millis(before: Piece, seconds: number): void {
    this.piece(before)
    const total = Math.round(seconds * 1000)
    const whole = Math.floor(total / 1000)
    this.#digits(whole)
    const fraction = (total - whole * 1000) | 0
    if (fraction === 0) return
    this.#view.setUint8(this.#at, POINT)
    this.#view.setInt32(this.#at + 1, fourDigits(fraction * 10), true)
    this.#at += 4
    this.#dropZeros()
  }

  /** A fraction ends with its last digit that says something. */
  #dropZeros(): void {
    while (this.#view.getUint8(this.#at - 1) === ZERO) this.#at -= 1
  }

  #digits(value: number): void {
    if (value < HUNDRED_MILLION) {
      this.#fewDigits(value | 0)
      return
    }
    const high = Math.floor(value / HUNDRED_MILLION)
    this.#fewDigits(high)
    const low = (value - high * HUNDRED_MILLION) | 0
    const upper = (low / 10_000) | 0
    this.#view.setInt32(this.#at, fourDigits(upper), true)
    this.#view.setInt32(this.#at + 4, fourDigits(low - upper * 10_000), true)
    this.#at += 8
  }

  /** A number below 10^8. */
  #fewDigits(value: number): void {
    if (value < 10_000) {
      this.#firstDigits(value)
      return
    }
    const high = (value / 10_000) | 0
    this.#firstDigits(high)
    this.#view.setInt32(this.#at, fourDigits(value - high * 10_000), true)
    this.#at += 4
  }

  /** A number below 10^4 without leading zeros: they are the low bytes of the word and are shifted out. */
  #firstDigits(value: number): void {
    const zeros = value > 999 ? 0 : value > 99 ? 1 : value > 9 ? 2 : 3
    this.#view.setInt32(this.#at, fourDigits(value) >>> (8 * zeros), true)
    this.#at += 4 - zeros
  }

  #encoded(text: string): void {
    const { read, written } = encoder.encodeInto(text, this.#target.subarray(this.at))
    if (read !== text.length) throw new RangeError('no room for the line')
    this.#at += written
  }
}

const encoder = new TextEncoder()

/** The four digits of a number below 10^4 as a little-endian word. Both divisions are exact in this range. */
function fourDigits(value: number): number {
  const hundreds = (value * 5243) >>> 19
  const pairs = hundreds | ((value - hundreds * 100) << 16)
  const tens = (Math.imul(pairs, 103) >>> 10) & 0x000f000f
  return (tens | ((pairs - Math.imul(tens, 10)) << 8)) + FOUR_ZEROS
}
