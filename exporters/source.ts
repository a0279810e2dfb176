import type { Checkpoint } from '../lib/log/log.ts'
import type { Transfer } from '../lib/record/record.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { SiteEvent } from '../lib/streams/events.ts'
import type { TruthLine } from '../lib/streams/truth.ts'

/**
 * Where an exporter's records come from: the simulated world, or a log that somebody else writes.
 *
 * The contract that makes a kill at any instant harmless: from the same saved state a source gives the same entries in
 * the same order. The exporter saves `state()` now and then, counts what its log holds beyond the saved state, opens
 * the source from it and throws away as many entries as the log already has.
 */
export interface Source {
  readonly kind: string
  /** Called once, before anything else. May wait for the volume or a file to appear. */
  open(resume: Resume): Promise<void>
  /** What comes next; empty when there is nothing at present. Never called again before the last call has returned. */
  next(): Promise<SourceBatch>
  /**
   * Plain JSON data behind everything that `next` has given so far, and the places in the streams that were read for it
   * (none for a source that reads no stream).
   */
  state(): Checkpoint<unknown>
  status(): SourceStatus
  /** Idempotent. */
  close(): Promise<void>
}

export interface Resume {
  /** What `state()` gave at the last save; undefined at the first start, or when no save survived. */
  state: Checkpoint<unknown> | undefined
  /** Entries that the log holds beyond the saved state and that `next` will therefore repeat. */
  written: Written
  /** Intervals of world time that are marked as paused in `events/<SITE>/`: nothing was recorded in (from, to]. */
  pauses: readonly Pause[]
}

export interface Written {
  transfers: number
  /** Without `paused` events: those are made by what happens to the exporter, and no source repeats them. */
  events: number
  truth: number
}

export interface Pause {
  from: number
  to: number
}

export interface SourceBatch {
  /** In the order in which they are to be written. */
  transfers: Transfer[]
  events: Entry<SiteEvent>[]
  truth: Entry<TruthLine>[]
  /**
   * What must have happened to this batch before anything further is written. `durable`: its entries, which no replay
   * makes again (a pause). `saved`: the state as well, because it cannot be reached again from the last save (a request
   * from outside was taken in).
   */
  settle?: 'durable' | 'saved'
  /** How long until it makes sense to ask again, milliseconds; 0 when more is there already. */
  waitMs: number
}

export interface SourceStatus {
  /** 0...1: how much of the past is produced; 1 for a source that has none. */
  pastProgress: number
  /** How far the source is behind the present, seconds of world time. */
  lagSeconds: number
  /** Entries from outside that could not become records, by reason; absent for a source that makes its own. */
  refused?: ReadonlyMap<string, number>
  /** A reason to be worried, for `/health/ready`. */
  problem?: string
}

export function emptyBatch(waitMs: number): SourceBatch {
  return { transfers: [], events: [], truth: [], waitMs }
}
