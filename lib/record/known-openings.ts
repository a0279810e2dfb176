import { type Piece, piece } from './line-bytes.ts'
import type { Transfer } from './record.ts'

/** The names and words that begin a record: they have passed the rules, and their bytes are made. */
export interface Opening {
  readonly names: Names
  /** `,"id":"SITE_A`: the id is the site and the seq. */
  readonly ownId: Piece
  /** From `,"site":` to the activity's text. */
  readonly fields: Piece
}

type Names = Pick<Transfer, 'site' | 'source' | 'destination' | 'protocol' | 'activity'>

/** Few in one log; a search is worth its while up to about this many. */
const MOST_OPENINGS = 16

/** With every place taken only so many new ones in a row win one: a log with many costs little. */
const NEW_ONES_A_PLACE = 64

/** Combinations of names that come again and again. Bounded, because input is not. */
export class KnownOpenings {
  readonly #openings: Opening[] = []
  #misses = 0

  find(transfer: Names): Opening | undefined {
    const openings = this.#openings
    for (let i = 0; i < openings.length; i += 1) {
      const opening = openings[i] as Opening
      const { names } = opening
      if (
        names.destination === transfer.destination &&
        names.activity === transfer.activity &&
        names.source === transfer.source &&
        names.protocol === transfer.protocol &&
        names.site === transfer.site
      ) {
        if (i > 0) {
          // What comes often moves to the front, one place at a time.
          openings[i] = openings[i - 1] as Opening
          openings[i - 1] = opening
        }
        return opening
      }
    }
    return undefined
  }

  /** Only for names that have passed the rules and that `find` does not know. */
  learn({ site, source, destination, protocol, activity }: Names): void {
    this.#misses += 1
    if (this.#openings.length === MOST_OPENINGS) {
      if (this.#misses % NEW_ONES_A_PLACE !== 0) return
      this.#openings.pop()
    }
    const names = { site, source, destination, protocol, activity }
    this.#openings.push({
      names,
      ownId: piece(`,"id":"${site}`),
      fields: piece(JSON.stringify(names).replace('{', ',').slice(0, -1)),
    })
  }
}
