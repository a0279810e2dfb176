import { describe, expect, it } from 'vitest'
import { FlowCounts } from '../../streaming/flow.ts'
import { noRoutes } from '../../streaming/routing.ts'
import { TransferFlow } from '../../streaming/transfer-flow.ts'
import { aMessage, plainTransfer } from '../support/bus-messages.ts'
import { messagesOf, rules, zscore } from '../support/stream-partition.ts'
import { transferStream } from '../support/transfer-stream.ts'

const at = { topic: 'dtms_transfers', partition: 0 }

function aFlow(saved?: unknown, changes: Partial<typeof rules> = {}) {
  const counts = new FlowCounts()
  const options = { at, rules: { ...rules, ...changes }, zscore, counts, routes: noRoutes, keepsAllDecisions: true }
  return { flow: TransferFlow.restore(options, saved), counts }
}

describe('the flow of transfers', () => {
  it('counts what comes again once, and keeps what cannot be used', () => {
    const { flow, counts } = aFlow()
    const [message] = messagesOf(transferStream({ records: 1 }))
    if (message === undefined) throw new Error('no message')
    flow.take(message)
    flow.take({ ...message, offset: 1 })
    flow.take(aMessage('{', { offset: 2 }))
    expect([counts.processed, counts.repeated, [...counts.quarantined]]).toEqual([1, 1, [['not_json', 1]]])
    const { quarantined } = flow.collect()
    expect(quarantined).toMatchObject([{ offset: 2, origin: 'dtms_transfers-p0', reason: 'not_json' }])
    expect(quarantined[0]?.at).toBe(flow.newestAt)
  })

  it('tells late from too late', () => {
    const { flow, counts } = aFlow()
    const T = 1_700_000_040
    ;[T + 150, T + 100, T + 60].forEach((timestamp, i) => {
      flow.take(aMessage(plainTransfer({ seq: i + 1, timestamp })))
    })
    flow.take(aMessage(plainTransfer({ seq: 4, timestamp: T })))
    expect([counts.processed, counts.late, counts.dropped]).toEqual([3, 2, 1])
  })

  it('makes the same of the same messages, whatever it was saved in between', () => {
    const messages = messagesOf(transferStream({ records: 800 }))
    const { flow: whole } = aFlow()
    for (const message of messages) whole.take(message)
    const expected = whole.collect()
    expect(expected.windows.length).toBeGreaterThan(10)
    expect(expected.decisions.length).toBeGreaterThan(100)
    let { flow } = aFlow()
    const parts = []
    for (const [i, message] of messages.entries()) {
      flow.take(message)
      if (i % 97 !== 0) continue
      parts.push(flow.collect())
      flow = aFlow(flow.save()).flow
    }
    parts.push(flow.collect())
    expect(parts.flatMap(({ windows }) => windows)).toEqual(expected.windows)
    expect(parts.flatMap(({ anomalies }) => anomalies)).toEqual(expected.anomalies)
    expect(parts.flatMap(({ decisions }) => decisions)).toEqual(expected.decisions)
  })

  it('does not go on with windows of another length', () => {
    const { flow } = aFlow()
    expect(() => aFlow(flow.save(), { windowSeconds: 300 })).toThrow(
      /holds windows of 60 s, and the settings want 300 s/,
    )
  })
})
