import { describe, expect, it } from 'vitest'
import { Collector, someRecords } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'
import { aBroker, aKafkaBus } from '../support/kafka.ts'
import { noKafka } from '../support/kafka-parts.ts'

const plan = { topic: 'shared', partitions: 4, replication: 1, retentionHours: 1 }

describe.skipIf(noKafka() !== undefined)('a group that changes under load', () => {
  it('reads every record once: members come and go while records come', async () => {
    const broker = await aBroker()
    const bus = aKafkaBus({ brokers: broker.brokers })
    await bus.ensureTopics([plan])
    const publisher = await bus.publisher()
    let sent = 0
    let publishing = true
    const load = (async () => {
      while (publishing) {
        await publisher.publish(
          plan.topic,
          [0, 1, 2, 3].flatMap((partition) => someRecords(partition, 50, sent)),
        )
        sent += 50
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    const positions = new Map<number, number>()
    const owner = new Map<number, Collector>()
    const clashes: string[] = []
    const members: Collector[] = []
    const join = async () => {
      const member = new Collector(positions)
      members.push(member)
      await member.join(aKafkaBus({ brokers: broker.brokers, clientId: `m${members.length}` }), plan.topic, {
        onAssigned: async (assignment) => {
          const { partition } = assignment
          if (owner.has(partition)) clashes.push(`partition ${partition} was given before it was let go`)
          owner.set(partition, member)
          member.assigned.push(assignment)
          return positions.get(partition) ?? assignment.first
        },
        onRecords: async ({ partition }, messages) => {
          await new Promise((resolve) => setTimeout(resolve, 5))
          if (owner.get(partition) !== member)
            clashes.push(`records of partition ${partition} came after it was let go`)
          await member.take(partition, messages)
        },
        onRevoked: async ({ partition }) => {
          owner.delete(partition)
        },
      })
      return member
    }
    const balanced = (count: number) =>
      eventually(() => owner.size === 4 && new Set(owner.values()).size === count && members.length > 0)
    const first = await join()
    await balanced(1)
    const second = await join()
    await balanced(2)
    await join()
    await balanced(3)
    await first.subscription?.close()
    await balanced(2)
    await second.subscription?.close()
    await balanced(1)
    publishing = false
    await load
    await eventually(() => [0, 1, 2, 3].every((partition) => positions.get(partition) === sent))
    expect(clashes).toEqual([])
    for (const partition of [0, 1, 2, 3]) {
      const offsets = members.flatMap(({ messages }) =>
        messages.filter(({ key }) => key === `K${partition}`).map(({ offset }) => offset),
      )
      expect(offsets).toEqual(Array.from({ length: sent }, (_, i) => i))
    }
  })
})
