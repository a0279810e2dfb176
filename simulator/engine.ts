import type { Transfer } from '../lib/record/record.ts'
import { arrivalsOfMinute } from './arrivals.ts'
import type { Request } from './attempt.ts'
import { combine } from './bends.ts'
import { EventQueue, type Queued } from './event-queue.ts'
import type { Bend, EmittedRecord, LinkEnds } from './faults/fault.ts'
import { Link, type LinkState, type Settled } from './link.ts'
import type { Model } from './model.ts'
import { toExpired, toTransfer } from './to-transfer.ts'

type WorldEvent =
  /** Asks for the requests of the minute that begins now. */
  | { type: 'minute'; link: number }
  | { type: 'request'; link: number; request: Request }
  /** Something on the link is due; void when the link has planned another instant since. */
  | { type: 'due'; link: number; version: number }

const priorities = { due: 1, minute: 2, request: 3 } as const

const MINUTE_MS = 60_000

/** A retry that falls into a time when nothing may start asks again this much later. */
const POSTPONE_MS = 60_000

/** Everything that moves, as plain data. */
export interface EngineState {
  nowMs: number
  queue: { sequence: number; entries: Queued<WorldEvent>[] }
  links: (LinkState & { version: number; plannedMs: number | null })[]
  /** Records whose exporter keeps them back. */
  held: { link: number; transfer: Transfer }[]
}

interface Slot {
  link: Link
  /** Counts the plans made; only the newest one is valid. */
  version: number
  plannedMs: number | undefined
}

/**
 * Links, requests and transfers, moved from event to event. What bends the links is told from outside (`bend`), so
 * that the same engine runs the world and, for a witness, its twin without one fault.
 */
export class Engine {
  readonly #model: Model
  readonly #slots: Slot[]
  readonly #queue: EventQueue<WorldEvent>
  #held: EngineState['held']
  #nowMs: number
  #emitted: EmittedRecord[] = []

  constructor(model: Model, start: { atMs: number } | EngineState) {
    this.#model = model
    if ('atMs' in start) {
      this.#nowMs = start.atMs
      this.#held = []
      this.#queue = new EventQueue()
      this.#slots = model.links.map((link) => ({ link: new Link(model, link), version: 0, plannedMs: undefined }))
      const firstMinute = Math.ceil(start.atMs / MINUTE_MS) * MINUTE_MS
      for (const link of model.links.keys())
        this.#queue.schedule(firstMinute, priorities.minute, { type: 'minute', link })
    } else {
      this.#nowMs = start.nowMs
      this.#held = [...start.held]
      this.#queue = new EventQueue(start.queue)
      this.#slots = model.links.map((link, index) => {
        const { version, plannedMs, ...state } = start.links[index] as EngineState['links'][number]
        return { link: new Link(model, link, state), version, plannedMs: plannedMs ?? undefined }
      })
    }
  }

  /** Milliseconds of the last event or bend. */
  get nowMs(): number {
    return this.#nowMs
  }

  save(): EngineState {
    return {
      nowMs: this.#nowMs,
      queue: this.#queue.save((event) => event.type !== 'due' || this.#slots[event.link]?.version === event.version),
      links: this.#slots.map(({ link, version, plannedMs }) => ({
        ...link.save(),
        version,
        plannedMs: plannedMs ?? null,
      })),
      held: [...this.#held],
    }
  }

  /** Everything that was emitted since the last call, in order. */
  take(): EmittedRecord[] {
    const emitted = this.#emitted
    this.#emitted = []
    return emitted
  }

  /** Does all that happens before `endMs`, or up to and including it. */
  run(endMs: number, inclusive: boolean): void {
    for (let at = this.#queue.nextAt(); at !== undefined; at = this.#queue.nextAt()) {
      if (inclusive ? at > endMs : at >= endMs) break
      const next = this.#queue.pop()
      if (next === undefined) break
      this.#nowMs = next.at
      this.#handle(next.event)
    }
  }

  /** From `nowMs` on, the links are bent as `bendsOf` says. Records that are no longer kept back come out now. */
  bend(nowMs: number, bendsOf: (link: LinkEnds) => Bend[]): void {
    this.#nowMs = nowMs
    for (const [index, slot] of this.#slots.entries()) {
      const { link } = slot
      const bend = combine(bendsOf(link.model.spec))
      if (bend === link.bend) continue
      this.#report(index, link.settle(nowMs))
      link.bendTo(bend, nowMs)
      // A link that was closed may start what waits for it.
      this.#report(index, link.settle(nowMs))
      this.#plan(index, slot)
    }
    const stay: EngineState['held'] = []
    for (const entry of this.#held) {
      if (this.#slots[entry.link]?.link.bend.held === true) stay.push(entry)
      else this.#emitted.push({ at: nowMs / 1000, transfer: entry.transfer })
    }
    this.#held = stay
  }

  /** Puts the bends of a saved world back without letting time touch the links. */
  restoreBends(bendsOf: (link: LinkEnds) => Bend[]): void {
    for (const { link } of this.#slots) link.restoreBend(combine(bendsOf(link.model.spec)))
  }

  #handle(event: WorldEvent): void {
    const slot = this.#slots[event.link]
    if (slot === undefined) return
    const { link } = slot
    if (event.type === 'minute') {
      const { requests, nextMs } = arrivalsOfMinute(this.#model, link.model, link.arrival, this.#nowMs)
      for (const request of requests) this.#schedule(request.queuedMs, { type: 'request', link: event.link, request })
      this.#schedule(nextMs, event)
      return
    }
    if (event.type === 'due') {
      if (event.version !== slot.version) return
      slot.plannedMs = undefined
    } else if (link.bend.stopped) {
      if (event.request.attempt > 1) this.#ask(event.link, event.request, this.#nowMs + POSTPONE_MS)
      return
    } else link.enqueue(event.request)
    this.#report(event.link, link.settle(this.#nowMs))
    this.#plan(event.link, slot)
  }

  #report(index: number, settled: Settled): void {
    const link = this.#slots[index]?.link.model
    if (link === undefined) return
    for (const request of settled.expired) this.#emit(index, toExpired(this.#model, link, request, this.#nowMs))
    for (const ending of settled.ended) {
      const transfer = toTransfer(this.#model, link, ending, this.#nowMs)
      this.#emit(index, transfer)
      if (transfer.error?.retryable === true) this.#retry(index, ending.flow)
    }
  }

  #emit(link: number, transfer: Transfer): void {
    if (this.#slots[link]?.link.bend.held === true) this.#held.push({ link, transfer })
    else this.#emitted.push({ at: this.#nowMs / 1000, transfer })
  }

  /** Twice the delay at each further attempt, spread by a quarter so that a crowd of failures does not return at once. */
  #retry(link: number, failed: Request): void {
    const { attempts, delaySeconds } = this.#model.scenario.retries
    if (failed.attempt >= attempts) return
    const spread = 0.75 + 0.5 * ((failed.luck >>> 8) / 2 ** 24)
    const delayMs = Math.round(delaySeconds * 1000 * 2 ** (failed.attempt - 1) * spread)
    this.#ask(link, { ...requestOf(failed), attempt: failed.attempt + 1 }, this.#nowMs + delayMs)
  }

  #ask(link: number, request: Request, atMs: number): void {
    this.#schedule(atMs, { type: 'request', link, request: { ...request, queuedMs: atMs } })
  }

  #plan(index: number, slot: Slot): void {
    const next = slot.link.nextMs()
    if (next === slot.plannedMs) return
    slot.version += 1
    slot.plannedMs = next
    if (next !== undefined) this.#schedule(next, { type: 'due', link: index, version: slot.version })
  }

  #schedule(atMs: number, event: WorldEvent): void {
    this.#queue.schedule(atMs, priorities[event.type], event)
  }
}

/** The request inside a flow, without what the attempt added to it. */
function requestOf(flow: Request): Request {
  const { number, attempt, file, sizeBytes, luck, queuedMs } = flow
  return { number, attempt, file, sizeBytes, luck, queuedMs }
}
