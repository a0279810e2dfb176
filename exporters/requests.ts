import type { Positions, Tailer } from '../lib/log/log.ts'
import type { ControlLine, FaultCancel, FaultRequest } from '../lib/streams/control.ts'
import type { TruthLine } from '../lib/streams/truth.ts'

export type Request = FaultRequest | FaultCancel

/** World time is counted in whole milliseconds; instants are seconds, so equality needs a hair. */
const HAIR = 1e-4
const MILLISECOND = 0.001

export interface RequestsOptions {
  tailer: Tailer<ControlLine>
  /** Read from `control/` before the last save, and not taken in by then. */
  held: readonly Request[]
  /** Live faults in this site's truth; empty when the log holds nothing beyond the last save. */
  truth: readonly TruthLine[]
}

export interface HeldRequest {
  line: Request
  /** World instant before which it must not be taken in; Infinity while that is not known. */
  notBefore: number
}

/**
 * Requests of `control/` on their way into the world, each with the world instant before which it must not be taken in.
 *
 * In the present that is now. After a restart the world runs through a time of which the log holds entries already, and
 * must do so as it did before: a request that acted then is in the truth, which says when; one that is not was unknown
 * then, and has to wait until the world has passed everything that was written.
 */
export class Requests {
  readonly #options: RequestsOptions
  #held: HeldRequest[] = []
  #writtenUntil = Number.POSITIVE_INFINITY

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  /** Begins with what the last run had read and not taken in, and learns what was asked for since. */
  async open(): Promise<void> {
    this.#hold(this.#options.held)
    await this.read()
  }

  /** What acted before: all that a world needs to pass through the time of the last run as it did. */
  known(): HeldRequest[] {
    return this.#held.filter(({ notBefore }) => notBefore < Number.POSITIVE_INFINITY)
  }

  /** Now it is known up to where the log holds entries; -Infinity for none. */
  settle(writtenUntil: number): void {
    this.#writtenUntil = writtenUntil
    this.#held = this.#held.map(({ line, notBefore }) => ({ line, notBefore: Math.min(notBefore, writtenUntil) }))
  }

  /** Resolves when everything asked for up to now is known. */
  async read(): Promise<void> {
    const lines: Request[] = []
    for (let caughtUp = false; !caughtUp; ) {
      const batch = await this.#options.tailer.poll()
      for (const { value } of batch.entries) if (value.type !== 'speed') lines.push(value)
      caughtUp = batch.caughtUp
    }
    this.#hold(lines)
  }

  /** Takes out what may act at `now`, in the order of the requests. */
  due(now: number): Request[] {
    return takeDue(this.#held, now)
  }

  /** The world must stop here to take in the next request; undefined when none waits. */
  get nextAt(): number | undefined {
    return this.#held[0]?.notBefore
  }

  /** Read and not yet taken in. */
  held(): Request[] {
    return this.#held.map(({ line }) => line)
  }

  positions(): Positions {
    return this.#options.tailer.positions()
  }

  /** A batch is ordered by time, which a clock that was set back gives twice; requests count by their number. */
  #hold(lines: readonly Request[]): void {
    const added = lines
      .toSorted((a, b) => a.seq - b.seq)
      .map((line) => ({ line, actedAt: instantInTruth(line, this.#options.truth) }))
    const lastKnown = added.findLastIndex(({ actedAt }) => actedAt !== undefined)
    let earliest = this.#held.at(-1)?.notBefore ?? Number.NEGATIVE_INFINITY
    for (const [index, { line, actedAt }] of added.entries()) {
      // One that came before a request that acted was known as well; it left no trace at this site.
      const notBefore = actedAt === undefined && index > lastKnown ? this.#writtenUntil : takenInAt(line, actedAt)
      earliest = Math.max(earliest, notBefore)
      this.#held.push({ line, notBefore: earliest })
    }
  }
}

/** Takes out of a queue what may act at `now`. */
export function takeDue(queue: HeldRequest[], now: number): Request[] {
  const waiting = queue.findIndex(({ notBefore }) => notBefore > now + HAIR)
  return queue.splice(0, waiting < 0 ? queue.length : waiting).map(({ line }) => line)
}

/** A request in time can be taken in early; a late one acts from the millisecond after it was taken in. */
function takenInAt(line: Request, actedAt: number | undefined): number {
  return actedAt === undefined || actedAt <= line.effectiveAt ? Number.NEGATIVE_INFINITY : actedAt - MILLISECOND
}

/** When a request began to act by the truth. */
function instantInTruth(line: Request, truth: readonly TruthLine[]): number | undefined {
  const id = `f-${line.type === 'fault' ? line.seq : line.fault}`
  const type = line.type === 'fault' ? 'fault-started' : 'fault-ended'
  const found = truth.find((entry) => entry.fault === id && entry.type === type)
  if (found === undefined) return undefined
  if (line.type === 'fault') return found.startedAt
  return found.endedAt !== undefined && found.endedAt < found.plannedEndAt ? found.endedAt : undefined
}
