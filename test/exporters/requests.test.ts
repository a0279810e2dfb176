import { describe, expect, it } from 'vitest'
import { Requests, takeDue } from '../../exporters/requests.ts'
import type { Tailer } from '../../lib/log/log.ts'
import type { ControlLine, FaultCancel, FaultRequest } from '../../lib/streams/control.ts'
import type { TruthLine } from '../../lib/streams/truth.ts'
import { NOON } from '../support/builders.ts'
import { aBrownout } from '../support/exporters.ts'

function aRequest(seq: number, effectiveAt: number): FaultRequest {
  return { ...aBrownout(effectiveAt), v: 1, seq }
}

function aCancel(seq: number, fault: number, effectiveAt: number): FaultCancel {
  return { v: 1, seq, at: effectiveAt, type: 'fault-cancel', fault, effectiveAt }
}

const aSpeed = (seq: number): ControlLine => ({ v: 1, seq, at: NOON, type: 'speed', effectiveAt: NOON, speed: 2 })

function aTruth(fault: number, type: TruthLine['type'], changes: Partial<TruthLine>): TruthLine {
  const { kind, scope, severity } = aBrownout(NOON)
  const planned = { plannedStartAt: NOON, plannedEndAt: NOON + 1200, anomalous: true }
  return { v: 1, seq: 1, at: NOON, type, fault: `f-${fault}`, kind, scope, severity, ...planned, ...changes }
}

/** A reader that finds these lines, one batch at a time. */
function aControl(...batches: ControlLine[][]): Tailer<ControlLine> {
  return {
    async poll() {
      const lines = batches.shift() ?? []
      const entries = lines.map((value) => ({ writer: 'api', seq: value.seq, value, at: value.at }))
      return { entries, gaps: [], damaged: [], repeated: 0, caughtUp: true }
    },
    positions: () => new Map(),
    lagBytes: () => 0,
    stats: () => ({ entries: 0, repeated: 0, missing: 0, damaged: new Map() }),
  }
}

async function opened(tailer: Tailer<ControlLine>, truth: TruthLine[] = [], held: FaultRequest[] = []) {
  const requests = new Requests({ tailer, held, truth })
  await requests.open()
  return requests
}

const seqs = (lines: { seq: number }[]) => lines.map(({ seq }) => seq)

describe('requests in the present', () => {
  it('are due at once, in the order of their numbers, speeds left aside', async () => {
    const requests = await opened(aControl([aRequest(3, NOON), aSpeed(2), aRequest(1, NOON + 60)]))
    requests.settle(Number.NEGATIVE_INFINITY)
    expect(seqs(requests.due(NOON))).toEqual([1, 3])
    expect(requests.due(NOON)).toEqual([])
  })

  it('that come later are due at the next look', async () => {
    const requests = await opened(aControl([], [aRequest(1, NOON)]))
    requests.settle(Number.NEGATIVE_INFINITY)
    expect(requests.due(NOON)).toEqual([])
    await requests.read()
    expect(seqs(requests.held())).toEqual([1])
    expect(seqs(requests.due(NOON))).toEqual([1])
  })
})

describe('requests while the log is repeated', () => {
  it('wait until everything written is passed when nothing says that they acted', async () => {
    const requests = await opened(aControl([aRequest(1, NOON)]))
    expect(requests.known()).toEqual([])
    requests.settle(NOON + 300)
    expect([requests.nextAt, requests.due(NOON + 299.999)]).toEqual([NOON + 300, []])
    expect(seqs(requests.due(NOON + 300))).toEqual([1])
    expect(requests.nextAt).toBeUndefined()
  })

  it.each([
    { what: 'at their instant: early is right', startedAt: NOON + 60, dueAt: Number.NEGATIVE_INFINITY },
    { what: 'late: the millisecond before', startedAt: NOON + 90, dueAt: NOON + 89.999 },
  ])('are taken in as they were when the truth says they acted $what', async ({ startedAt, dueAt }) => {
    const truth = [aTruth(1, 'fault-started', { startedAt })]
    const requests = await opened(aControl([aRequest(1, NOON + 60)]), truth)
    expect(requests.known().map(({ notBefore }) => notBefore)).toEqual([dueAt])
  })

  it('end a fault when its truth says that it was ended early, and not when it ran its course', async () => {
    const control = () => aControl([aRequest(1, NOON), aCancel(2, 1, NOON + 100)])
    const started = aTruth(1, 'fault-started', { startedAt: NOON })
    const early = await opened(control(), [started, aTruth(1, 'fault-ended', { endedAt: NOON + 130 })])
    expect(early.known().map(({ notBefore }) => notBefore)).toEqual([Number.NEGATIVE_INFINITY, NOON + 129.999])
    const full = await opened(control(), [started, aTruth(1, 'fault-ended', { endedAt: NOON + 1200 })])
    expect(full.known()).toHaveLength(1)
  })

  it('that left no trace here are taken in before a later one that did', async () => {
    const requests = await opened(aControl([aRequest(1, NOON), aRequest(2, NOON + 10), aRequest(3, NOON + 20)]), [
      aTruth(2, 'fault-started', { startedAt: NOON + 10 }),
    ])
    expect(requests.known().map(({ line }) => line.seq)).toEqual([1, 2])
    requests.settle(NOON + 500)
    expect(seqs(requests.due(NOON))).toEqual([1, 2])
  })

  it('that the last run held are held again', async () => {
    const requests = await opened(aControl([aRequest(2, NOON)]), [], [aRequest(1, NOON)])
    requests.settle(NOON + 5)
    expect(seqs(requests.held())).toEqual([1, 2])
    expect(seqs(requests.due(NOON + 5))).toEqual([1, 2])
  })
})

describe('a queue of requests', () => {
  it('gives none behind one that has to wait', () => {
    const queue = [
      { line: aRequest(1, NOON), notBefore: NOON + 10 },
      { line: aRequest(2, NOON), notBefore: NOON + 10 },
    ]
    expect(takeDue(queue, NOON + 9)).toEqual([])
    expect(seqs(takeDue(queue, NOON + 10))).toEqual([1, 2])
    expect(queue).toEqual([])
  })
})
