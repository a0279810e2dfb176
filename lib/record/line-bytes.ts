const ZERO = 0x30
const QUOTE = 0x22
const BACKSLASH = 0x5c
const POINT = 0x2e
const BILLION = 1_000_000_000
const MILLION = 1_000_000

/** A fixed piece of a line, ready to be written four bytes at a time. */
export interface Piece {
  readonly length: number
  /** Little-endian; the last one is filled up with zeros. */
  readonly words: Int32Array
}

/** ASCII only. */
export function piece(text: string): Piece {
  const { length } = text
  const bytes = Uint8Array.from({ length: Math.ceil(length / 4) * 4 }, (_, i) => (i < length ? text.charCodeAt(i) : 0))
  const view = new DataView(bytes.buffer)
  return { length, words: Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true)) }
}

/**
 * Puts a line together byte by byte. Half the price of concatenating strings and encoding the result, because no piece is
 * ever a string of its own; the target must have room for the longest line and three bytes more, which is checked nowhere
 * here. Each method takes the fixed piece that stands before its value.
 */
export class LineBytes {
  /** Where the next byte goes. */
  at = 0
  #target: Uint8Array = new Uint8Array(0)
  /** Over the whole memory that the target is a part of: many lines share it. */
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))

  open(target: Uint8Array, at: number): void {
    this.#target = target
    if (target.buffer !== this.#view.buffer) this.#view = new DataView(target.buffer)
    this.at = at
  }

  piece({ words, length }: Piece): void {
    const view = this.#view
    const start = this.#target.byteOffset + this.at
    for (let i = 0; i < words.length; i += 1) view.setInt32(start + 4 * i, words[i] as number, true)
    this.at += length
  }

  /** Text that has only printable ASCII and nothing to escape: names and words of closed lists. */
  plain(before: Piece, text: string): void {
    this.piece(before)
    const target = this.#target
    let { at } = this
    for (let i = 0; i < text.length; i += 1, at += 1) target[at] = text.charCodeAt(i)
    this.at = at
  }

  /** Any text as a JSON string. */
  quoted(before: Piece, text: string): void {
    this.piece(before)
    const target = this.#target
    let { at } = this
    target[at] = QUOTE
    at += 1
    for (let i = 0; i < text.length; i += 1, at += 1) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.#encoded(JSON.stringify(text))
        return
      }
      target[at] = code
    }
    target[at] = QUOTE
    this.at = at + 1
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
    this.#fraction(total - whole * MILLION, 6)
  }

  /** Seconds to the millisecond. */
  millis(before: Piece, seconds: number): void {
    this.piece(before)
    const total = Math.round(seconds * 1000)
    const whole = Math.floor(total / 1000)
    this.#digits(whole)
    this.#fraction(total - whole * 1000, 3)
  }

  #digits(value: number): void {
    if (value >= BILLION) {
      const high = Math.floor(value / BILLION)
      this.#digits(high)
      this.#padded(value - high * BILLION, 9)
      return
    }
    let digits = 1
    for (let limit = 10; limit <= value; limit *= 10) digits += 1
    this.#padded(value, digits)
  }

  /** The point and `digits` digits without their trailing zeros; nothing when there is no fraction. */
  #fraction(fraction: number, digits: number): void {
    if (fraction === 0) return
    this.#target[this.at] = POINT
    this.at += 1
    this.#padded(fraction, digits)
    while (this.#target[this.at - 1] === ZERO) this.at -= 1
  }

  /** The low `digits` digits of a number below 10^9, from the right. */
  #padded(value: number, digits: number): void {
    const target = this.#target
    const end = this.at + digits
    let rest = value | 0
    for (let at = end - 1; at >= this.at; at -= 1) {
      const tenth = (rest / 10) | 0
      target[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.at = end
  }

  #encoded(text: string): void {
    const { read, written } = encoder.encodeInto(text, this.#target.subarray(this.at))
    if (read !== text.length) throw new RangeError('no room for the line')
    this.at += written
  }
}

const encoder = new TextEncoder()
