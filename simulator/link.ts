import type { ErrorPhase } from '../lib/record/record.ts'
import { type ArrivalState, startArrivals } from './arrivals.ts'
import { type AttemptPlan, planAttempt, type Request } from './attempt.ts'
import { type LinkBend, straight } from './bends.ts'
import { type FailureCause, phaseOf } from './failures.ts'
import type { LinkModel, Model } from './model.ts'

/** Share of the setup time that comes before the first byte; the rest comes after the last one (checksum, commit). */
const PREPARATION_SHARE = 0.7

/** Requests that may wait for a link; beyond that the oldest expires, so that no trouble makes a world grow. */
const MAX_WAITING = 1000

const BYTES_PER_MIB = 1_048_576

export interface AttemptFailure extends FailureCause {
  phase: ErrorPhase
}

/** An attempt under way: plain data. */
export interface Flow extends Request {
  startedMs: number
  /** `stall`: no byte moves any more and the timeout will end it. */
  phase: 'prepare' | 'send' | 'stall' | 'finish'
  /** End of the phases that have a fixed length. */
  phaseEndsMs: number
  finishMs: number
  /** Null until the first byte. */
  firstByteMs: number | null
  /** Bytes to be moved: all, or those that come through before it fails. */
  sendBytes: number
  streamMBps: number
  /** While sending: the link's work counter at which the last byte is through. */
  finishWork: number
  /** The attempt is given up at this instant, milliseconds. */
  deadlineMs: number
  /** What chance or a fault has in store for it. Null, like above, keeps all flows of one shape: it is fast and saves well. */
  failure: AttemptFailure | null
  lossShare: number
  rttSeconds: number
}

export interface LinkState {
  arrival: ArrivalState
  /** Seconds for which a stream would have run at its own full speed since the link was last idle. */
  work: number
  updatedMs: number
  /** Since when nothing moves at all; null while something may. */
  frozenMs: number | null
  active: Flow[]
  waiting: Request[]
}

/** How an attempt ended. */
export interface Ending {
  flow: Flow
  bytesTransferred: number
  failure: AttemptFailure | null
}

/** What happened on a link at one instant. */
export interface Settled {
  ended: Ending[]
  expired: Request[]
}

/**
 * One link whose transfers share its capacity: a fluid model with a virtual clock.
 *
 * Each stream has a speed of its own; when together they want more than the link has, all slow by the same factor.
 * So one counter (`work`) serves every stream, a stream is through when the counter has grown by size / speed, and
 * nothing has to be computed between two events (Parekh and Gallager, "A generalized processor sharing approach to
 * flow control", IEEE/ACM ToN 1993).
 */
export class Link {
  readonly model: LinkModel
  readonly #world: Model
  readonly #state: LinkState
  #bend: LinkBend = straight

  constructor(world: Model, model: LinkModel, state?: LinkState) {
    this.#world = world
    this.model = model
    this.#state =
      state === undefined
        ? { arrival: startArrivals(model), work: 0, updatedMs: 0, frozenMs: null, active: [], waiting: [] }
        : copyOf(state)
  }

  get arrival(): ArrivalState {
    return this.#state.arrival
  }

  get bend(): LinkBend {
    return this.#bend
  }

  /** Bends the link from `nowMs` on. Settle before and after. */
  bendTo(bend: LinkBend, nowMs: number): void {
    const state = this.#state
    this.#bend = bend
    if (bend.speed === 0) {
      state.frozenMs ??= nowMs
      return
    }
    if (state.frozenMs === null) return
    // Whoever stood still does not time out for it.
    const missedMs = nowMs - state.frozenMs
    for (const flow of state.active) {
      flow.phaseEndsMs += missedMs
      flow.deadlineMs += missedMs
    }
    state.frozenMs = null
  }

  /** Gives a saved link the bend it had. */
  restoreBend(bend: LinkBend): void {
    this.#bend = bend
  }

  save(): LinkState {
    return copyOf(this.#state)
  }

  enqueue(request: Request): void {
    this.#state.waiting.push(request)
  }

  /** Moves everything on this link up to `nowMs` (no later than `nextMs` said), then starts what may start. */
  settle(nowMs: number): Settled {
    const state = this.#state
    const rate = this.#rate()
    state.work += ((nowMs - state.updatedMs) / 1000) * rate
    state.updatedMs = nowMs
    if (state.frozenMs !== null) return { ended: none, expired: none }
    let ended: Ending[] = none
    for (const flow of state.active) {
      const ending = this.#step(flow, nowMs, rate)
      if (ending === undefined) continue
      if (ended === none) ended = []
      ended.push(ending)
    }
    if (ended !== none) state.active = state.active.filter((flow) => !ended.some((ending) => ending.flow === flow))
    const expired = this.#expire(nowMs)
    if (state.waiting.length > 0) this.#startWaiting(nowMs)
    return { ended, expired }
  }

  /** The instant at which something will happen here by itself; undefined when nothing will. Settle first. */
  nextMs(): number | undefined {
    const state = this.#state
    if (state.frozenMs !== null) return undefined
    const rate = this.#rate()
    let next = Number.POSITIVE_INFINITY
    for (const flow of state.active) {
      let at = flow.phaseEndsMs
      if (flow.phase === 'prepare') at = Math.min(at, flow.deadlineMs)
      if (flow.phase === 'send') {
        const through = state.updatedMs + Math.ceil(((flow.finishWork - state.work) / rate) * 1000)
        at = Math.min(flow.deadlineMs, through)
      }
      if (at < next) next = at
    }
    const oldest = state.waiting[0]
    if (oldest !== undefined && !this.#bend.stopped) next = Math.min(next, this.#expiresMs(oldest))
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(next, state.updatedMs)
  }

  /** Work done per second: 1 when every stream runs at its own speed. */
  #rate(): number {
    let wanted = 0
    for (const flow of this.#state.active) if (flow.phase === 'send') wanted += flow.streamMBps
    return this.#bend.speed * Math.min(1, wanted > 0 ? this.model.spec.capacityMBps / wanted : 1)
  }

  #step(flow: Flow, nowMs: number, rate: number): Ending | undefined {
    const state = this.#state
    const { failure } = flow
    if (flow.phase === 'prepare' && flow.phaseEndsMs <= nowMs) {
      if (failure?.phase === 'preparation') return { flow, bytesTransferred: 0, failure }
      flow.phase = 'send'
      flow.firstByteMs = nowMs
      flow.finishWork = state.work + flow.sendBytes / 1e6 / flow.streamMBps
    }
    if (flow.phase === 'prepare' && flow.deadlineMs <= nowMs) return { flow, bytesTransferred: 0, failure: timedOut }
    if (flow.phase === 'send') {
      const left = flow.finishWork - state.work
      // Instants are whole milliseconds: within half of one, the last byte is through.
      if (left <= 0.0005 * rate) {
        if (failure?.phase === 'transfer' && failure.class !== 'timeout')
          return { flow, bytesTransferred: flow.sendBytes, failure }
        flow.phase = failure?.class === 'timeout' ? 'stall' : 'finish'
        flow.phaseEndsMs = failure?.class === 'timeout' ? flow.deadlineMs : nowMs + flow.finishMs
      } else if (flow.deadlineMs <= nowMs) {
        const bytesLeft = Math.round(left * flow.streamMBps * 1e6)
        return { flow, bytesTransferred: Math.max(0, flow.sendBytes - bytesLeft), failure: timedOut }
      }
    }
    if (flow.phase === 'stall' && flow.phaseEndsMs <= nowMs)
      return { flow, bytesTransferred: flow.sendBytes, failure: timedOut }
    if (flow.phase === 'finish' && flow.phaseEndsMs <= nowMs) {
      return { flow, bytesTransferred: flow.sendBytes, failure: failure?.phase === 'finalization' ? failure : null }
    }
    return undefined
  }

  #expire(nowMs: number): Request[] {
    const { waiting } = this.#state
    // Where nothing may start, nothing fails either for want of starting.
    if (this.#bend.stopped) return none
    let count = Math.max(0, waiting.length - MAX_WAITING)
    for (let request = waiting[count]; request !== undefined; request = waiting[count]) {
      if (this.#expiresMs(request) > nowMs) break
      count += 1
    }
    return count > 0 ? waiting.splice(0, count) : none
  }

  #expiresMs(request: Request): number {
    return request.queuedMs + Math.round(this.#world.scenario.queue.expireSeconds * 1000)
  }

  #startWaiting(nowMs: number): void {
    const state = this.#state
    const { parallel } = this.model.spec
    if (this.#bend.stopped || state.active.length >= parallel) return
    const stay: Request[] = []
    for (const request of state.waiting) {
      const flow = state.active.length < parallel ? this.#startFlow(request, nowMs) : undefined
      if (flow === undefined) stay.push(request)
      else state.active.push(flow)
    }
    state.waiting = stay
  }

  /** Undefined for a request that chance lets expire in the queue. */
  #startFlow(request: Request, nowMs: number): Flow | undefined {
    const { scenario } = this.#world
    const file = scenario.files[request.file]
    if (file === undefined) return undefined
    const plan = planAttempt(request, file, this.model)
    const failure = this.#failureOf(plan)
    if (failure?.scope === 'scheduler' && failure.class === 'expired') return undefined
    const setupMs = Math.max(2, Math.round(plan.setupSeconds * this.#bend.setup * 1000))
    const prepareMs = Math.round(setupMs * PREPARATION_SHARE)
    const failsEarly = failure?.phase === 'preparation'
    const allowedSeconds =
      scenario.timeout.seconds + (scenario.timeout.secondsPerMiB * request.sizeBytes) / BYTES_PER_MIB
    return {
      number: request.number,
      attempt: request.attempt,
      file: request.file,
      sizeBytes: request.sizeBytes,
      luck: request.luck,
      queuedMs: request.queuedMs,
      startedMs: nowMs,
      phase: 'prepare',
      phaseEndsMs: nowMs + (failsEarly ? Math.max(1, Math.round(prepareMs * plan.place)) : prepareMs),
      finishMs: setupMs - prepareMs,
      firstByteMs: null,
      sendBytes: failure?.phase === 'transfer' ? Math.floor(request.sizeBytes * plan.place) : request.sizeBytes,
      streamMBps: plan.streamMBps,
      finishWork: 0,
      deadlineMs: nowMs + Math.round(allowedSeconds * 1000),
      failure,
      lossShare: Math.min(0.5, this.model.spec.lossShare * this.#bend.loss * Math.exp(0.4 * plan.lossNormal)),
      rttSeconds: this.model.rttSeconds * this.#bend.rtt * Math.exp(0.08 * plan.rttNormal),
    }
  }

  #failureOf(plan: AttemptPlan): AttemptFailure | null {
    let share = 0
    for (const fail of this.#bend.fail) {
      share += fail.share
      if (plan.faultDraw < share) return { scope: fail.scope, class: fail.class, phase: 'preparation' }
    }
    if (plan.failureDraw >= this.#world.scenario.failures.share) return null
    const cause = this.#world.causeAt(plan.causeDraw)
    return { scope: cause.scope, class: cause.class, phase: phaseOf(cause) }
  }
}

const none: never[] = []

const timedOut: AttemptFailure = { scope: 'transfer', class: 'timeout', phase: 'transfer' }

function copyOf(state: LinkState): LinkState {
  return {
    ...state,
    arrival: { ...state.arrival },
    active: state.active.map((flow) => ({ ...flow })),
    waiting: [...state.waiting],
  }
}
