/**
 * A multiset of texts by their 64-bit hash, in 12 bytes a place: what a log holds already, so that a file that is
 * imported again, or grown, or overlaps with another, adds only what is new. Among ten million rows the chance that any
 * two different ones are taken for the same is one in 300,000.
 */
export class Repeats {
  #low = new Uint32Array(1024)
  #high = new Uint32Array(1024)
  /** How often each text is there; 0 marks a free place, `GONE` one whose occurrences were all taken. */
  #count = new Uint32Array(1024)
  #used = 0

  add(text: string): void {
    if (this.#used * 2 >= this.#count.length) this.#grow()
    const [low, high] = hash(text)
    const place = this.#find(low, high)
    if (this.#count[place] === 0) this.#used += 1
    this.#low[place] = low
    this.#high[place] = high
    const count = this.#count[place] as number
    this.#count[place] = count === GONE ? 1 : count + 1
  }

  has(text: string): boolean {
    const [low, high] = hash(text)
    const count = this.#count[this.#find(low, high)] as number
    return count !== 0 && count !== GONE
  }

  /** Removes one occurrence; false when there was none. */
  take(text: string): boolean {
    const [low, high] = hash(text)
    const place = this.#find(low, high)
    const count = this.#count[place] as number
    if (count === 0 || count === GONE) return false
    this.#count[place] = count === 1 ? GONE : count - 1
    return true
  }

  #find(low: number, high: number): number {
    const mask = this.#count.length - 1
    let place = low & mask
    while (this.#count[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & mask
    }
    return place
  }

  #grow(): void {
    const [lows, highs, counts] = [this.#low, this.#high, this.#count]
    const size = counts.length * 2
    this.#low = new Uint32Array(size)
    this.#high = new Uint32Array(size)
    this.#count = new Uint32Array(size)
    this.#used = 0
    for (let i = 0; i < counts.length; i += 1) {
      const count = counts[i] as number
      if (count === 0 || count === GONE) continue
      const place = this.#find(lows[i] as number, highs[i] as number)
      this.#low[place] = lows[i] as number
      this.#high[place] = highs[i] as number
      this.#count[place] = count
      this.#used += 1
    }
  }
}

const GONE = 0xffffffff

/** Two lanes of 32 bits, each mixed as in MurmurHash3 (Appleby, public domain), with different constants. */
function hash(text: string): [number, number] {
  let a = 0x9747b28c
  let b = 0x5bd1e995
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0xcc9e2d51)
    a ^= a >>> 15
    b = Math.imul(b ^ code, 0x1b873593)
    b ^= b >>> 13
  }
  return [finish(a ^ text.length), finish(b + Math.imul(a, 0x85ebca6b))]
}

function finish(mixed: number): number {
  let word = mixed
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}
