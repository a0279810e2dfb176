/**
 * In which 10-second slots a site's transfers ended, as one bit a slot, for the newest hours that have any.
 *
 * Bits and not a running list of gaps, because records of an imported log come in any order: the same set of records
 * gives the same history, whatever the order and however often one is read. 720 hours are 30 days of a busy site (40 KB)
 * and years of a quiet one.
 */
export const SLOT_SECONDS = 10
export const SLOTS_PER_HOUR = 360
export const HOURS_KEPT = 720
/** Below this many hours the one that is still going on teaches as well. */
export const SHORT_HISTORY_HOURS = 24

const WORDS = Math.ceil(SLOTS_PER_HOUR / 32)

export interface SavedSlots {
  newestAt: number
  /** Hour since 1970 and its bits, base64, oldest first. */
  hours: [number, string][]
}

export class SlotHistory {
  readonly #bits = new Map<number, Uint32Array>()
  /** Hours that have bits, ascending. */
  readonly #hours: number[] = []
  #newestAt: number | undefined
  #version = 0

  /** Grows whenever something changed that teaches: hours before the newest one, and all of a short history. */
  get learningVersion(): number {
    return this.#version
  }

  /** Exact end of the newest record, Unix seconds. */
  get newestAt(): number | undefined {
    return this.#newestAt
  }

  get hours(): readonly number[] {
    return this.#hours
  }

  add(instant: number): void {
    if (this.#newestAt === undefined || instant > this.#newestAt) this.#newestAt = instant
    const slot = Math.floor(instant / SLOT_SECONDS)
    const hour = Math.floor(slot / SLOTS_PER_HOUR)
    const bits = this.#bits.get(hour) ?? this.#open(hour)
    if (bits === undefined) return
    const place = slot - hour * SLOTS_PER_HOUR
    const word = place >>> 5
    const before = bits[word] ?? 0
    const after = (before | (1 << (place & 31))) >>> 0
    if (after === before) return
    bits[word] = after
    if (hour !== this.#hours.at(-1) || this.#hours.length <= SHORT_HISTORY_HOURS) this.#version += 1
  }

  /** Slots of one hour that have a record, ascending, numbered since 1970. */
  slotsOf(hour: number): number[] {
    const bits = this.#bits.get(hour)
    const slots: number[] = []
    if (bits === undefined) return slots
    for (let word = 0; word < WORDS; word += 1) {
      for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1) {
        slots.push(hour * SLOTS_PER_HOUR + word * 32 + (31 - Math.clz32(rest & -rest)))
      }
    }
    return slots
  }

  /** The newest slot with a record that is not after `slot`. */
  lastSlotBy(slot: number): number | undefined {
    const hour = Math.floor(slot / SLOTS_PER_HOUR)
    for (let i = this.#hours.length - 1; i >= 0; i -= 1) {
      const candidate = this.#hours[i] as number
      if (candidate > hour) continue
      const found = this.slotsOf(candidate).findLast((item) => item <= slot)
      if (found !== undefined) return found
    }
    return undefined
  }

  save(): SavedSlots | undefined {
    if (this.#newestAt === undefined) return undefined
    const hours = this.#hours.map((hour): [number, string] => [hour, encode(this.#bits.get(hour) as Uint32Array)])
    return { newestAt: this.#newestAt, hours }
  }

  static restore(saved: SavedSlots): SlotHistory {
    const history = new SlotHistory()
    for (const [hour, text] of saved.hours) {
      history.#bits.set(hour, decode(text))
      history.#hours.push(hour)
    }
    history.#newestAt = saved.newestAt
    return history
  }

  /** Undefined when the hour is older than all that are kept: it can never come back into the newest ones. */
  #open(hour: number): Uint32Array | undefined {
    const place = this.#hours.findLastIndex((item) => item < hour) + 1
    if (place === 0 && this.#hours.length >= HOURS_KEPT) return undefined
    const bits = new Uint32Array(WORDS)
    this.#hours.splice(place, 0, hour)
    this.#bits.set(hour, bits)
    this.#version += 1
    if (this.#hours.length > HOURS_KEPT) this.#bits.delete(this.#hours.shift() as number)
    return bits
  }
}

/** Little-endian whatever the machine, so that a saved state can move between pods. */
function encode(bits: Uint32Array): string {
  const bytes = Buffer.alloc(WORDS * 4)
  bits.forEach((word, i) => {
    bytes.writeUInt32LE(word, i * 4)
  })
  return bytes.toString('base64')
}

function decode(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64')
  const bits = new Uint32Array(WORDS)
  for (let i = 0; i < WORDS && i * 4 + 4 <= bytes.length; i += 1) bits[i] = bytes.readUInt32LE(i * 4)
  return bits
}
