import { describe, expect, it } from 'vitest'
import { EventFlow } from '../../streaming/event-flow.ts'
import { FlowCounts } from '../../streaming/flow.ts'
import { aMessage } from '../support/bus-messages.ts'
import { zscore } from '../support/stream-partition.ts'

const at = { topic: 'ops.events', partition: 1 }
const paths = { value: 'load.one', id: 'event_id', time: 'timestamp' }

function aFlow(saved?: unknown) {
  const counts = new FlowCounts()
  return { flow: EventFlow.restore({ at, zscore, paths, counts }, saved), counts }
}

/** Values around 10, and one far away at the end. */
function messages(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const one = i === count - 1 ? 500 : 10 + ((i * 7) % 5) / 10
    const value = { event_id: `e-${i}`, timestamp: 1_700_000_000 + i, load: { one } }
    return aMessage(value, { offset: i, key: 'host-1' })
  })
}

describe('the flow of other events', () => {
  it('finds the value that does not belong, after it has learnt the others', () => {
    const { flow, counts } = aFlow()
    for (const message of messages(80)) flow.take(message)
    const { eventAnomalies, decisions } = flow.collect()
    expect(eventAnomalies).toMatchObject([
      { eventId: 'e-79', topic: 'ops.events', partition: 1, offset: 79, key: 'host-1', value: 500 },
    ])
    expect(counts.processed).toBe(80)
    expect(decisions.filter(({ anomaly }) => anomaly)).toHaveLength(1)
  })

  it('keeps what has no value, counts it, and goes on', () => {
    const { flow, counts } = aFlow()
    flow.take(aMessage({ load: { one: 'high' } }, { offset: 0 }))
    flow.take(aMessage('{"load":', { offset: 1 }))
    for (const message of messages(3)) flow.take(message)
    expect(flow.collect().quarantined.map(({ offset, origin }) => [offset, origin])).toEqual([
      [0, 'ops.events-p1'],
      [1, 'ops.events-p1'],
    ])
    expect([...counts.quarantined.values()].reduce((sum, count) => sum + count, 0)).toBe(2)
    expect(counts.processed).toBe(3)
  })

  it('goes on after a restore as if nothing had happened', () => {
    const all = messages(80)
    const { flow: whole } = aFlow()
    for (const message of all) whole.take(message)
    const { flow: first } = aFlow()
    for (const message of all.slice(0, 50)) first.take(message)
    const { flow: second } = aFlow(first.save())
    for (const message of all.slice(50)) second.take(message)
    expect([...first.collect().decisions, ...second.collect().decisions]).toEqual(whole.collect().decisions)
    expect(second.newestAt).toBe(whole.newestAt)
  })
})
