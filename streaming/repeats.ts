import type { SiteName } from '../lib/names.ts'

/** How far behind a recorder's highest seq a record may come and still be told from a repeat. A multiple of 8. */
export const SEQ_MEMORY = 32_768

export interface SavedRepeats {
  [site: string]: { highest: number; seen: Uint8Array }
}

interface Recorder {
  highest: number
  /** One bit for each of the newest SEQ_MEMORY seqs, by seq modulo SEQ_MEMORY. */
  readonly seen: Uint8Array
}

/**
 * Knows which records of each recorder have been handled. A producer that starts again sends what it cannot be sure of a
 * second time; those are repeats. What is further behind than the memory reaches counts as a repeat too: counting
 * nothing twice goes before counting a stray.
 */
export class Repeats {
  readonly #recorders = new Map<SiteName, Recorder>()

  static restore(saved: SavedRepeats): Repeats {
    const repeats = new Repeats()
    for (const [site, { highest, seen }] of Object.entries(saved)) {
      repeats.#recorders.set(site as SiteName, { highest, seen: Uint8Array.from(seen) })
    }
    return repeats
  }

  /** Recorders known so far. */
  get sites(): number {
    return this.#recorders.size
  }

  /** Whether this is the first time; from now on it is not. */
  isNew(site: SiteName, seq: number): boolean {
    let recorder = this.#recorders.get(site)
    if (recorder === undefined) {
      recorder = { highest: 0, seen: new Uint8Array(SEQ_MEMORY / 8) }
      this.#recorders.set(site, recorder)
    }
    const { highest, seen } = recorder
    if (seq <= highest) {
      if (seq <= highest - SEQ_MEMORY || isSet(seen, seq)) return false
    } else {
      forget(seen, highest, seq)
      recorder.highest = seq
    }
    const place = seq % SEQ_MEMORY
    seen[place >> 3] = (seen[place >> 3] ?? 0) | (1 << (place & 7))
    return true
  }

  save(): SavedRepeats {
    const saved: SavedRepeats = Object.create(null)
    for (const [site, { highest, seen }] of this.#recorders) saved[site] = { highest, seen }
    return saved
  }
}

function isSet(seen: Uint8Array, seq: number): boolean {
  const place = seq % SEQ_MEMORY
  return ((seen[place >> 3] ?? 0) & (1 << (place & 7))) !== 0
}

/** Clears the bits that the seqs between the old and the new highest take over. */
function forget(seen: Uint8Array, highest: number, seq: number): void {
  if (seq - highest >= SEQ_MEMORY) {
    seen.fill(0)
    return
  }
  for (let next = highest + 1; next <= seq; next += 1) {
    const place = next % SEQ_MEMORY
    seen[place >> 3] = (seen[place >> 3] ?? 0) & ~(1 << (place & 7))
  }
}
