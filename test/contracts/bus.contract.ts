import { afterEach, describe, expect, it } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import type { Assignment, Bus, BusMessage, BusRecord, SubscribeOptions, Subscription } from '../../streaming/bus.ts'
import { eventually } from '../support/builders.ts'

export interface BusUnderTest {
  name: string
  /** A bus of its own; several reach the same topics when the bus lives outside the process. */
  make(): Promise<Bus>
}

let topics = 0

/** Records `from`, `from + 1` ... of one partition, told apart by their values. */
export function someRecords(partition: number, count: number, from = 0): BusRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `K${partition}`,
    partition,
    value: Buffer.from(`v${from + i}`),
    headers: new Map([['n', String(from + i)]]),
    timestampMs: 1_700_000_000_000 + i,
  }))
}

/** What a subscriber saw, and where it would go on. */
export class Collector {
  readonly values = new Map<number, string[]>()
  readonly assigned: Assignment[] = []
  readonly revoked: number[] = []
  readonly lost: { from: number; to: number }[] = []
  readonly messages: BusMessage[] = []
  readonly positions: Map<number, number>
  subscription: Subscription | undefined

  /** Several collectors that share `positions` are one group whose state outlives its members. */
  constructor(positions = new Map<number, number>()) {
    this.positions = positions
  }

  async join(bus: Bus, topic: string, extra: Partial<SubscribeOptions> = {}): Promise<Subscription> {
    this.subscription = await bus.subscribe({
      topics: [topic],
      group: `group-${topic}`,
      onAssigned: async (assignment) => {
        this.assigned.push(assignment)
        return this.positions.get(assignment.partition) ?? assignment.first
      },
      onRecords: async (place, messages) => this.take(place.partition, messages),
      onRevoked: async ({ partition }) => {
        this.revoked.push(partition)
      },
      onLost: (_, range) => this.lost.push(range),
      ...extra,
    })
    return this.subscription
  }

  async take(partition: number, messages: readonly BusMessage[]): Promise<void> {
    const values = this.values.get(partition) ?? []
    this.values.set(partition, values)
    for (const message of messages) {
      values.push(String(message.value))
      this.messages.push(message)
      this.positions.set(partition, message.offset + 1)
      await this.subscription?.commit({ topic: this.assigned[0]?.topic ?? '', partition }, message.offset + 1)
    }
  }

  count(): number {
    return this.messages.length
  }
}

export function busContract({ name, make }: BusUnderTest): void {
  const open: Bus[] = []
  const aBus = async (partitions: number) => {
    const bus = await make()
    open.push(bus)
    topics += 1
    const topic = `contract-${process.pid}-${topics}`
    const plan = { topic, partitions, replication: 1, retentionHours: 1 }
    // As the services do: a broker that is short of time is away for a moment.
    const told = await eventually(async () => {
      try {
        return await bus.ensureTopics([plan])
      } catch (error) {
        if (error instanceof DtmsError && error.code === 'bus.unavailable') return undefined
        throw error
      }
    })
    expect(told).toEqual([])
    return { bus, topic, plan }
  }
  afterEach(async () => {
    for (const bus of open.splice(0)) await bus.close()
  })

  describe(`${name}: topics`, () => {
    it('makes what is missing and says what differs in what is there', async () => {
      const { bus, plan } = await aBus(2)
      expect(await bus.ensureTopics([plan])).toEqual([])
      expect(await bus.ensureTopics([{ ...plan, partitions: 5 }])).toEqual([
        { topic: plan.topic, what: 'partitions', wanted: '5', found: '2' },
      ])
    })

    it('says what is in a topic, and that another does not exist', async () => {
      const { bus, topic } = await aBus(2)
      expect(await bus.ranges(topic)).toEqual([
        { partition: 0, first: 0, next: 0 },
        { partition: 1, first: 0, next: 0 },
      ])
      expect(await bus.ranges(`${topic}-absent`)).toBeUndefined()
    })
  })

  describe(`${name}: records`, () => {
    it('come whole and in the order of their partition, and the publish resolves with their places', async () => {
      const { bus, topic } = await aBus(2)
      const collector = new Collector()
      await collector.join(bus, topic)
      const publisher = await bus.publisher()
      const ends = await Promise.all([
        publisher.publish(topic, [...someRecords(0, 30), ...someRecords(1, 5)]),
        publisher.publish(topic, someRecords(0, 30, 30)),
      ])
      expect(ends).toEqual([
        [
          { partition: 0, offset: 29 },
          { partition: 1, offset: 4 },
        ],
        [{ partition: 0, offset: 59 }],
      ])
      await eventually(() => collector.count() === 65)
      expect(collector.values.get(0)).toEqual(Array.from({ length: 60 }, (_, i) => `v${i}`))
      const third = collector.messages.find(({ key, value }) => key === 'K0' && String(value) === 'v3')
      expect(third).toMatchObject({ offset: 3, key: 'K0', timestampMs: 1_700_000_000_003 })
      expect([...(third?.headers ?? [])]).toEqual([['n', '3']])
      await publisher.close()
    })

    it('of a partition that the topic does not have are refused', async () => {
      const { bus, topic } = await aBus(1)
      const publisher = await bus.publisher()
      await expect(publisher.publish(topic, someRecords(1, 1))).rejects.toMatchObject({ code: 'bus.refused' })
      await publisher.close()
    })

    it('are delivered again when handling them failed, and nothing behind them before', async () => {
      const { bus, topic } = await aBus(1)
      const collector = new Collector()
      let failures = 2
      await collector.join(bus, topic, {
        onRecords: async ({ partition }, messages) => {
          failures -= 1
          if (failures >= 0) throw new Error('not now')
          await collector.take(partition, messages)
        },
      })
      const publisher = await bus.publisher()
      await publisher.publish(topic, someRecords(0, 20))
      await eventually(() => collector.count() === 20)
      expect(collector.values.get(0)).toEqual(Array.from({ length: 20 }, (_, i) => `v${i}`))
      await publisher.close()
    })

    it('cannot be published any more when the publisher is closed', async () => {
      const { bus, topic } = await aBus(1)
      const publisher = await bus.publisher()
      await publisher.close()
      await expect(publisher.publish(topic, someRecords(0, 1))).rejects.toMatchObject({ code: 'bus.closed' })
    })
  })

  describe(`${name}: a reader`, () => {
    it('gets nothing of a partition before it has said where to go on, and then from there', async () => {
      const { bus, topic } = await aBus(1)
      const publisher = await bus.publisher()
      const published = publisher.publish(topic, someRecords(0, 10)).catch(() => {})
      const collector = new Collector()
      let release: () => void = () => {}
      const gate = new Promise<void>((resolve) => {
        release = resolve
      })
      const subscription = await collector.join(bus, topic, {
        onAssigned: async (assignment) => {
          collector.assigned.push(assignment)
          await gate
          return 4
        },
      })
      await eventually(() => collector.assigned.length === 1)
      expect([subscription.ready, subscription.assigned, collector.count()]).toEqual([false, [], 0])
      release()
      await eventually(() => collector.count() === 6)
      expect([subscription.ready, subscription.assigned]).toEqual([true, [{ topic, partition: 0 }]])
      expect(collector.values.get(0)?.[0]).toBe('v4')
      await published
      await publisher.close()
    })

    it('is asked again where to go on when its restore failed', async () => {
      const { bus, topic } = await aBus(1)
      const collector = new Collector()
      let failures = 1
      await collector.join(bus, topic, {
        onAssigned: async (assignment) => {
          if (failures > 0) {
            failures -= 1
            throw new Error('the volume is away')
          }
          collector.assigned.push(assignment)
          return assignment.first
        },
      })
      const publisher = await bus.publisher()
      await publisher.publish(topic, someRecords(0, 3))
      await eventually(() => collector.count() === 3)
      await publisher.close()
    })

    it('is told when the place it asks for is not there, and goes on with what is', async () => {
      const { bus, topic } = await aBus(1)
      const collector = new Collector(new Map([[0, 1000]]))
      await collector.join(bus, topic)
      const publisher = await bus.publisher()
      await publisher.publish(topic, someRecords(0, 3))
      await eventually(() => collector.count() === 3)
      expect(collector.lost).toEqual([{ from: 1000, to: 0 }])
      await publisher.close()
    })

    it('knows how far it is behind, also while it is stuck', async () => {
      const { bus, topic } = await aBus(2)
      const collector = new Collector()
      let release: () => void = () => {}
      const gate = new Promise<void>((resolve) => {
        release = resolve
      })
      const subscription = await collector.join(bus, topic, {
        onRecords: async ({ partition }, messages) => {
          await gate
          await collector.take(partition, messages)
        },
      })
      const publisher = await bus.publisher()
      const published = publisher.publish(topic, someRecords(0, 12))
      await eventually(async () => {
        const lag = await subscription.lag()
        return lag.some(({ partition, records }) => partition === 0 && records === 12)
      })
      release()
      await published
      await eventually(async () => {
        const lag = await subscription.lag()
        return lag.length === 2 && lag.every(({ records }) => records === 0)
      })
      await publisher.close()
    })

    it('lets every partition go when it closes, after the last records were handled', async () => {
      const { bus, topic } = await aBus(2)
      const collector = new Collector()
      const subscription = await collector.join(bus, topic)
      await eventually(() => subscription.ready && subscription.assigned.length === 2)
      await subscription.close()
      expect([...collector.revoked].sort()).toEqual([0, 1])
    })
  })

  describe(`${name}: a group`, () => {
    it('shares the partitions; what one member lets go another takes over where the first ended', async () => {
      const { bus, topic } = await aBus(4)
      const positions = new Map<number, number>()
      const [one, two] = [new Collector(positions), new Collector(positions)]
      const first = await one.join(bus, topic)
      const publisher = await bus.publisher()
      const all = (from: number) => [0, 1, 2, 3].flatMap((partition) => someRecords(partition, 25, from))
      await publisher.publish(topic, all(0))
      const second = await two.join(bus, topic)
      await eventually(() => first.assigned.length === 2 && second.assigned.length === 2 && first.ready && second.ready)
      await publisher.publish(topic, all(25))
      await first.close()
      await eventually(() => second.assigned.length === 4)
      await publisher.publish(topic, all(50))
      await eventually(() => one.count() + two.count() >= 300)
      for (const partition of [0, 1, 2, 3]) {
        const seen = [...(one.values.get(partition) ?? []), ...(two.values.get(partition) ?? [])]
        expect(seen).toEqual(Array.from({ length: 75 }, (_, i) => `v${i}`))
      }
      await publisher.close()
    })
  })
}
