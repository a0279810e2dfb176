import { expect, it } from 'vitest'
import type { Subscription } from '../../streaming/bus.ts'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { Collector } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'

it('deals the partitions of several topics out to all members, and takes none from a member without need', async () => {
  const bus = createMemoryBus()
  const plan = { partitions: 3, replication: 1, retentionHours: 1 }
  await bus.ensureTopics([
    { ...plan, topic: 'a' },
    { ...plan, topic: 'b' },
  ])
  const collectors = [new Collector(), new Collector(), new Collector()]
  const subscriptions: Subscription[] = []
  for (const collector of collectors) {
    subscriptions.push(await collector.join(bus, 'a', { topics: ['a', 'b'], group: 'g' }))
  }
  await eventually(() => subscriptions.every(({ ready, assigned }) => ready && assigned.length === 2))
  const places = subscriptions.flatMap(({ assigned }) => assigned.map(({ topic, partition }) => `${topic}${partition}`))
  expect(places.sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])
  const before = collectors[0]?.revoked.length
  await subscriptions[2]?.close()
  await eventually(() => subscriptions.slice(0, 2).every(({ ready, assigned }) => ready && assigned.length === 3))
  expect((collectors[0]?.revoked.length ?? 0) - (before ?? 0)).toBeLessThanOrEqual(1)
  await bus.close()
})
