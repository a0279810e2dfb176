/**
 * Bytes that must stand in a line, ready to be compared: four at either end, and eight at a time between. At least four
 * bytes, printable ASCII: read as a number of eight bytes that is neither zero nor NaN, and only its own bytes equal it.
 */
export interface Literal {
  readonly length: number
  /** Little-endian, as the others. */
  readonly first: number
  readonly last: number
  /** From the fifth byte on; the last one may overlap what stands beside it. */
  readonly between: Float64Array
}

export function literal(text: string): Literal {
  return literalOf(Uint8Array.from(text, (character) => character.charCodeAt(0)))
}

function literalOf(bytes: Uint8Array): Literal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { length } = bytes
  const between = Float64Array.from({ length: Math.ceil(Math.max(0, length - 8) / 8) }, (_, i) =>
    view.getFloat64(Math.min(4 + i * 8, length - 8), true),
  )
  return { length, first: view.getInt32(0, true), last: view.getInt32(length - 4, true), between }
}

/**
 * Pieces of lines that come again and again, with what they mean: each is read once and found again by its bytes. There
 * are few places, and once they are taken only every 64th new piece gets one: a field with many values costs little and
 * cannot make this grow.
 */
export class KnownPieces<T> {
  readonly entries: { literal: Literal; value: T }[] = []
  #misses = 0

  learn(piece: string, value: T): void {
    this.#misses += 1
    if (this.entries.length === MAX_KNOWN) {
      if (this.#misses % 64 !== 0) return
      this.entries.pop()
    }
    this.entries.unshift({ literal: literal(piece), value })
  }
}

/** One field whose texts repeat; `accepts` is the rule for them, asked when a text is new. */
export class KnownTexts<T extends string> {
  readonly head: Literal
  readonly pieces = new KnownPieces<T>()
  readonly #head: string
  readonly #accepts: (text: string) => text is T

  constructor(head: string, accepts: (text: string) => text is T) {
    this.head = literal(head)
    this.#head = head
    this.#accepts = accepts
  }

  /** Undefined when the rule is broken. */
  learn(text: string): T | undefined {
    if (!this.#accepts(text)) return undefined
    this.pieces.learn(`${this.#head}${text}"`, text)
    return text
  }
}

const MAX_KNOWN = 12

const QUOTE = 0x22
const DOT = 0x2e
const ZERO = 0x30
const BACKSLASH = 0x5c
const CLOSE = 0x7d
const COMMA = 0x2c

const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]

/**
 * A place in the bytes of one line, behind whose `end` at least four more bytes follow (its trailer does). Every step either moves on or marks the scan as failed; a failed scan stays in bounds
 * and its results mean nothing, so callers look at `closed()` once, at the end.
 */
export class Cursor {
  #bytes: Buffer = Buffer.alloc(0)
  /** Over the whole memory that the bytes are a part of: the chunks of one read share it. */
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))
  #base = 0
  #at = 0
  #end = 0
  #good = false
  #markedAt = 0
  #markedGood = false

  open(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes
    if (bytes.buffer !== this.#view.buffer) this.#view = new DataView(bytes.buffer)
    this.#base = bytes.byteOffset
    this.#at = start
    this.#end = end
    this.#good = true
  }

  get good(): boolean {
    return this.#good
  }

  /** True when nothing failed and everything was read. */
  closed(): boolean {
    return this.#good && this.#at === this.#end
  }

  /** Remembers this place for `reset`: for an alternative that is tried first and may fail. */
  mark(): void {
    this.#markedAt = this.#at
    this.#markedGood = this.#good
  }

  reset(): void {
    this.#at = this.#markedAt
    this.#good = this.#markedGood
  }

  isNext(wanted: Literal): boolean {
    return this.#at + wanted.length <= this.#end && standsAt(this.#view, this.#base + this.#at, wanted)
  }

  /** Moves past the literal when it is next. */
  skip(wanted: Literal): boolean {
    if (!this.isNext(wanted)) return false
    this.#at += wanted.length
    return true
  }

  expect(wanted: Literal): void {
    if (this.isNext(wanted)) this.#at += wanted.length
    else this.#good = false
  }

  skipQuote(): boolean {
    if (this.#bytes[this.#at] !== QUOTE) return false
    this.#at += 1
    return true
  }

  closeObject(): void {
    if (this.#bytes[this.#at] === CLOSE) this.#at += 1
    else this.#good = false
  }

  /** A field's key and its text, which ends with a quote. */
  known<T extends string>(texts: KnownTexts<T>): T {
    const found = this.piece(texts.pieces)
    if (found !== undefined) return found
    this.expect(texts.head)
    const text = this.text()
    const learnt = this.#good ? texts.learn(text) : undefined
    if (learnt === undefined) this.#good = false
    return learnt as T
  }

  /** Moves past a piece that was met before; else stays. */
  piece<T>(pieces: KnownPieces<T>): T | undefined {
    const { entries } = pieces
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[i] as { literal: Literal; value: T }
      if (this.isNext(entry.literal)) {
        this.#at += entry.literal.length
        if (i > 0) {
          // What comes often moves to the front, one place at a time.
          entries[i] = entries[i - 1] as { literal: Literal; value: T }
          entries[i - 1] = entry
        }
        return entry.value
      }
    }
    return undefined
  }

  place(): number {
    return this.#at
  }

  /** The bytes from an earlier place on, as text. */
  since(place: number): string {
    return this.#bytes.toString('latin1', place, this.#at)
  }

  /**
   * Digits, or digits.digits, at most 15 in all: then the digits are a whole number below 2^53 and one division by a
   * power of ten is correctly rounded (Clinger, "How to read floating point numbers accurately", PLDI 1990), as in
   * `JSON.parse`.
   */
  number(): number {
    const start = this.#at
    let value = this.#digits(0)
    const wholeDigits = this.#at - start
    if (wholeDigits === 0 || wholeDigits > 15 || (wholeDigits > 1 && this.#bytes[start] === ZERO)) {
      this.#good = false
      return 0
    }
    if (this.#bytes[this.#at] === DOT) {
      this.#at += 1
      const fractionStart = this.#at
      value = this.#digits(value)
      const fractionDigits = this.#at - fractionStart
      if (fractionDigits === 0 || wholeDigits + fractionDigits > 15) {
        this.#good = false
        return 0
      }
      value /= powersOfTen[fractionDigits] as number
    }
    return value
  }

  /** Digits alone. */
  whole(): number {
    const start = this.#at
    const digit = (this.#bytes[start] as number) - ZERO
    if (digit >= 0 && digit <= 9 && this.#bytes[start + 1] === COMMA) {
      this.#at = start + 1
      return digit
    }
    const value = this.#digits(0)
    const count = this.#at - start
    if (count === 0 || count > 15 || (count > 1 && this.#bytes[start] === ZERO)) this.#good = false
    return value
  }

  /**
   * A run of fields, each a key and a number, in one loop: most of a record is this, and calls would cost more than the
   * work. Where `isWhole` says so the number must have no point.
   */
  numbers(keys: readonly Literal[], isWhole: readonly boolean[], values: Float64Array): void {
    const view = this.#view
    const limit = this.#base + this.#end
    let at = this.#base + this.#at
    this.#good &&= keys.length <= values.length
    for (let field = 0; field < keys.length; field += 1) {
      const key = keys[field] as Literal
      if (at + key.length >= limit || !standsAt(view, at, key)) {
        this.#good = false
        return
      }
      at += key.length
      const start = at
      let high = 0
      for (let word = view.getInt32(at, true); at < start + 8 && isFourDigits(word); word = view.getInt32(at, true)) {
        high = (Math.imul(high, 10_000) + fourDigits(word)) | 0
        at += 4
      }
      const single = at
      let low = 0
      let digit = view.getUint8(at) - ZERO
      for (; digit >= 0 && digit <= 9; digit = view.getUint8(at) - ZERO) {
        low = (Math.imul(low, 10) + digit) | 0
        at += 1
      }
      let digits = at - start
      let value = high * (powersOfTen[Math.min(15, at - single)] as number) + low
      const leadsWithZero = digits > 1 && view.getUint8(start) === ZERO
      if (digit + ZERO === DOT && digits <= 15) {
        at += 1
        const point = at
        let fraction = 0
        digit = view.getUint8(at) - ZERO
        for (; digit >= 0 && digit <= 9; digit = view.getUint8(at) - ZERO) {
          fraction = (Math.imul(fraction, 10) + digit) | 0
          at += 1
        }
        const places = at - point
        digits = places === 0 || places > 9 || isWhole[field] === true ? 16 : digits + places
        const scale = powersOfTen[Math.min(15, places)] as number
        value = (value * scale + fraction) / scale
      }
      if (digits === 0 || digits > 15 || leadsWithZero) {
        this.#good = false
        return
      }
      values[field] = value
    }
    this.#at = at - this.#base
  }

  /**
   * Appends the digits that come next to `value`. Up to eight are read four at a time and the rest one by one, both in
   * small integers; what more than 15 digits give is wrong, and the callers refuse it.
   */
  #digits(value: number): number {
    const view = this.#view
    const base = this.#base
    const end = this.#end
    const start = this.#at
    let at = start
    let high = 0
    while (at < start + 8 && at + 4 <= end) {
      const word = view.getInt32(base + at, true)
      if (!isFourDigits(word)) break
      high = (Math.imul(high, 10_000) + fourDigits(word)) | 0
      at += 4
    }
    const single = at
    let low = 0
    for (; at < end; at += 1) {
      const digit = (this.#bytes[at] as number) - ZERO
      if (!(digit >= 0 && digit <= 9)) break
      low = (Math.imul(low, 10) + digit) | 0
    }
    this.#at = at
    const digits = at - start
    if (digits > 15) return 0
    return value * (powersOfTen[digits] as number) + high * (powersOfTen[at - single] as number) + low
  }

  /** Plain ASCII up to a quote, which is passed. */
  text(): string {
    const bytes = this.#bytes
    const start = this.#at
    let at = start
    let byte = bytes[at] as number
    while (byte !== QUOTE) {
      // At the end of the bytes the comparisons with undefined are false.
      if (!(byte >= 0x20 && byte < 0x7f) || byte === BACKSLASH) {
        this.#good = false
        return ''
      }
      at += 1
      byte = bytes[at] as number
    }
    this.#at = at + 1
    return bytes.toString('latin1', start, at)
  }
}

/** From the end: pieces that differ in few bytes mostly differ there. The view must go on for as long as the literal. */
function standsAt(view: DataView, at: number, { length, first, last, between }: Literal): boolean {
  if (view.getInt32(at + length - 4, true) !== last || view.getInt32(at, true) !== first) return false
  for (let i = between.length - 1; i >= 0; i -= 1) {
    if (view.getFloat64(at + Math.min(4 + i * 8, length - 8), true) !== between[i]) return false
  }
  return true
}

/** Four bytes as a little-endian word: one below '0' borrows into its top bit, one above '9' carries into it. */
function isFourDigits(word: number): boolean {
  return (((word + 0x46464646) | (word - 0x30303030)) & 0x80808080) === 0
}

function fourDigits(word: number): number {
  const pairs = (Math.imul(word & 0x0f0f0f0f, 2561) >>> 8) & 0x00ff00ff
  return Math.imul(pairs, 6_553_601) >>> 16
}
