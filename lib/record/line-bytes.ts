const ZERO = 0x30
const QUOTE = 0x22
const BACKSLASH = 0x5c
const POINT = 0x2e
const BILLION = 1_000_000_000
const MILLION = 1_000_000

/** The bytes of a fixed piece of a line, for `LineBytes.piece`. ASCII only. */
export function piece(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/**
 * Puts a line together byte by byte. Half the price of concatenating strings and encoding the result, because no piece is
 * ever a string of its own; the target must have room for the longest line, which is checked nowhere here. Each method
 * takes the fixed piece that stands before its value.
 */
export class LineBytes {
  target: Uint8Array
  at: number

  constructor(target: Uint8Array) {
    this.target = target
    this.at = 0
  }

  piece(bytes: Uint8Array): void {
    const { target } = this
    let { at } = this
    for (let i = 0; i < bytes.length; i += 1, at += 1) target[at] = bytes[i] as number
    this.at = at
  }

  /** Text that has only printable ASCII and nothing to escape: names and words of closed lists. */
  plain(before: Uint8Array, text: string): void {
    this.piece(before)
    const { target } = this
    let { at } = this
    for (let i = 0; i < text.length; i += 1, at += 1) target[at] = text.charCodeAt(i)
    this.at = at
  }

  /** Any text as a JSON string. */
  quoted(before: Uint8Array, text: string): void {
    this.piece(before)
    const { target } = this
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
  whole(before: Uint8Array, value: number): void {
    this.piece(before)
    this.#digits(value)
  }

  /** Seconds to the microsecond. */
  micros(before: Uint8Array, seconds: number): void {
    this.piece(before)
    const total = Math.round(seconds * MILLION)
    const whole = Math.floor(total / MILLION)
    this.#digits(whole)
    this.#fraction(total - whole * MILLION, 6)
  }

  /** Seconds to the millisecond. */
  millis(before: Uint8Array, seconds: number): void {
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
    this.target[this.at] = POINT
    this.at += 1
    this.#padded(fraction, digits)
    while (this.target[this.at - 1] === ZERO) this.at -= 1
  }

  /** The low `digits` digits of a number below 10^9, from the right. */
  #padded(value: number, digits: number): void {
    const { target } = this
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
    const { read, written } = encoder.encodeInto(text, this.target.subarray(this.at))
    if (read !== text.length) throw new RangeError('no room for the line')
    this.at += written
  }
}

const encoder = new TextEncoder()
