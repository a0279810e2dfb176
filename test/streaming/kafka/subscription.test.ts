import { expect, it, onTestFinished } from 'vitest'
import { type Consumer, type ConsumerEvents, GroupSubscription } from '../../../streaming/kafka/subscription.ts'
import { Collector } from '../../contracts/bus.contract.ts'
import { eventually } from '../../support/builders.ts'

const timing = { holdMs: 20, releaseMs: 1000, restartMs: { first: 1, last: 1 }, missingMs: 5 }

/** A group whose consumers live and die on command. */
function aGroup(existing: string[] = ['t']) {
  const lives: { topics: readonly string[]; events: ConsumerEvents; crash(error: Error): void; stop(): void }[] = []
  const troubles: string[] = []
  const collector = new Collector()
  const subscription = new GroupSubscription(
    {
      ...{ topics: ['t', 'late'], group: 'g' },
      onAssigned: async (assignment) => {
        collector.assigned.push(assignment)
        return 0
      },
      onRecords: async () => {},
      onRevoked: async ({ partition }) => {
        collector.revoked.push(partition)
      },
      onLost: () => {},
    },
    {
      consume: (topics, events) => {
        const consumer: { stop(): void; crash(error: Error): void } = { stop: () => {}, crash: () => {} }
        const ended = new Promise<void>((resolve, reject) => {
          consumer.stop = resolve
          consumer.crash = reject
        })
        lives.push({ topics, events, ...consumer })
        const life: Consumer = {
          ended,
          seek: () => {},
          pause: () => {},
          resume: () => {},
          commit: async () => {},
          stop: async () => consumer.stop(),
        }
        return life
      },
      existing: async (topics) => topics.filter((topic) => existing.includes(topic)),
      ranges: async () => [0, 1].map((partition) => ({ partition, first: 3, next: 10 })),
      incarnation: async () => 'one',
      onTrouble: ({ code }) => troubles.push(code),
      onError: () => {},
      onMissing: (topics) => troubles.push(...topics),
    },
    timing,
  )
  onTestFinished(() => subscription.close())
  return { subscription, lives, troubles, collector, existing }
}

const both = [0, 1].map((partition) => ({ topic: 't', partition }))

it('a consumer that crashes is followed by another, and every partition is let go in between', async () => {
  const { subscription, lives, troubles, collector } = aGroup(['t', 'late'])
  await eventually(() => lives.length === 1)
  lives[0]?.events.joined(both)
  await eventually(() => subscription.ready)
  expect(await subscription.lag()).toEqual(both.map((place) => ({ ...place, records: 7 })))
  lives[0]?.crash(new Error('broken'))
  await eventually(() => lives.length === 2)
  expect([subscription.ready, collector.revoked, troubles]).toEqual([false, [0, 1], ['bus.unavailable']])
  lives[1]?.events.joined(both)
  await eventually(() => subscription.ready)
})

it('before each joining of the group every partition is let go', async () => {
  const { subscription, lives, collector } = aGroup(['t', 'late'])
  await eventually(() => lives.length === 1)
  await lives[0]?.events.beforeJoin()
  lives[0]?.events.joined(both)
  await eventually(() => subscription.ready)
  await lives[0]?.events.beforeJoin()
  expect([collector.revoked, subscription.ready, subscription.assigned]).toEqual([[0, 1], false, []])
  lives[0]?.events.joined(both.slice(0, 1))
  await eventually(() => subscription.ready)
  expect(subscription.assigned).toEqual(both.slice(0, 1))
})

it('a topic that is missing is said and looked for; when it comes, reading begins anew with it', async () => {
  const { lives, troubles, existing } = aGroup()
  await eventually(() => lives.length === 1)
  expect([lives[0]?.topics, troubles]).toEqual([['t'], ['late']])
  existing.push('late')
  await eventually(() => lives.length === 2)
  expect(lives[1]?.topics).toEqual(['t', 'late'])
})
