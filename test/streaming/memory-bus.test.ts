import { expect, it } from 'vitest'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { busContract, Collector, someRecords } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'

busContract({ name: 'memory', make: async () => createMemoryBus() })

it('a publish resolves only when the reading group has committed past it', async () => {
  const bus = createMemoryBus()
  await bus.ensureTopics([{ topic: 't', partitions: 1, replication: 1, retentionHours: 1 }])
  const collector = new Collector()
  const subscription = await collector.join(bus, 't', {
    onRecords: async (_, messages) => {
      collector.messages.push(...messages)
    },
  })
  const publisher = await bus.publisher()
  let resolved = false
  const published = publisher.publish('t', someRecords(0, 10)).then(() => {
    resolved = true
  })
  await eventually(() => collector.count() === 10)
  await subscription.commit({ topic: 't', partition: 0 }, 9)
  await new Promise((resolve) => setImmediate(resolve))
  expect(resolved).toBe(false)
  await subscription.commit({ topic: 't', partition: 0 }, 10)
  await published
  expect(await bus.ranges('t')).toEqual([{ partition: 0, first: 10, next: 10 }])
  await bus.close()
})

it('what was not committed is refused when the bus closes', async () => {
  const bus = createMemoryBus()
  await bus.ensureTopics([{ topic: 't', partitions: 1, replication: 1, retentionHours: 1 }])
  const publisher = await bus.publisher()
  const published = publisher.publish('t', someRecords(0, 1))
  await bus.close()
  await expect(published).rejects.toMatchObject({ code: 'bus.closed' })
  await expect(bus.ranges('t')).rejects.toMatchObject({ code: 'bus.closed' })
})
