import { expect, it } from 'vitest'
import type { SubscribeOptions } from '../../streaming/bus.ts'
import { MemoryReader } from '../../streaming/memory-reader.ts'
import { MemoryTopic } from '../../streaming/memory-topic.ts'
import { someRecords } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'

function options(parts: Partial<SubscribeOptions>): SubscribeOptions {
  return {
    ...{ topics: ['t'], group: 'g', onAssigned: async () => 0, onRecords: async () => {} },
    ...{ onRevoked: async () => {}, onLost: () => {} },
    ...parts,
  }
}

it('a restore under way hears that the partition is taken away, and nothing is delivered', async () => {
  const topic = new MemoryTopic('t', 1, 'i')
  void topic.publish(someRecords(0, 3)).catch(() => {})
  const calls: string[] = []
  const reader = new MemoryReader(
    topic,
    0,
    options({
      onAssigned: (_, signal) =>
        new Promise((_resolve, reject) => {
          calls.push('assigned')
          signal.addEventListener('abort', () => reject(new Error('taken away')))
        }),
      onRecords: async () => void calls.push('records'),
      onRevoked: async () => void calls.push('revoked'),
    }),
    () => {},
  )
  await eventually(() => calls.length === 1)
  await reader.close()
  expect(calls).toEqual(['assigned'])
})

it('hands over at most 500 records at once, and counts those that are left as lag', async () => {
  const topic = new MemoryTopic('t', 1, 'i')
  void topic.publish(someRecords(0, 1201)).catch(() => {})
  const sizes: number[] = []
  const lags: number[] = []
  const reader: MemoryReader = new MemoryReader(
    topic,
    0,
    options({
      onRecords: async (_, records) => {
        sizes.push(records.length)
        lags.push(reader.lag)
      },
    }),
    () => {},
  )
  await eventually(() => reader.restored && reader.lag === 0)
  expect([sizes, lags]).toEqual([
    [500, 500, 201],
    [1201, 701, 201],
  ])
  await reader.close()
})
