import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { SubscribeOptions } from '../../streaming/bus.ts'
import { Membership, type MembershipOptions } from '../../streaming/membership.ts'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { eventually } from '../support/builders.ts'

const plan = { topic: 't', partitions: 2, replication: 1, retentionHours: 1 }

function aMembership(changes: Partial<MembershipOptions> = {}) {
  const bus = createMemoryBus()
  const calls: string[] = []
  const handlers: Omit<SubscribeOptions, 'topics'> = {
    ...{ group: 'g', onLost: () => {}, onRecords: async () => {} },
    onAssigned: async ({ partition }) => {
      calls.push(`assigned ${partition}`)
      return 0
    },
    onRevoked: async ({ partition }) => void calls.push(`revoked ${partition}`),
  }
  const topics = async (): Promise<readonly string[]> => {
    await bus.ensureTopics([plan])
    return ['t']
  }
  const membership = new Membership({
    ...{ bus, logger: silentLogger, topics, handlers, onRejoin: () => void calls.push('rejoin') },
    pauses: { firstMs: 1, lastMs: 4 },
    ...changes,
  })
  return { membership, calls }
}

describe('a membership', () => {
  it('joins, and lets every partition go when it stops', async () => {
    const { membership, calls } = aMembership()
    expect(membership.problem).toBe('starting')
    membership.start()
    await eventually(() => membership.subscription?.ready)
    expect(membership.problem).toBeUndefined()
    await membership.stop()
    expect(calls.sort()).toEqual(['assigned 0', 'assigned 1', 'revoked 0', 'revoked 1'])
    expect(membership.subscription).toBeUndefined()
  })

  it('waits for a bus that is away, says why, and joins when it is there', async () => {
    let isAway = true
    const bus = createMemoryBus()
    const { membership } = aMembership({
      bus,
      topics: async () => {
        if (isAway) throw new DtmsError('bus.unavailable', 'no broker answers')
        await bus.ensureTopics([plan])
        return ['t']
      },
    })
    membership.start()
    await eventually(() => membership.problem === 'no broker answers')
    isAway = false
    await eventually(() => membership.subscription?.ready)
    expect(membership.problem).toBeUndefined()
    await membership.stop()
  })

  it('joins anew on request: every partition is let go and restored', async () => {
    const { membership, calls } = aMembership()
    membership.start()
    await eventually(() => membership.subscription?.ready)
    calls.length = 0
    membership.rejoin()
    await eventually(() => calls.filter((call) => call.startsWith('assigned')).length === 2)
    expect(calls.slice(0, 3).sort()).toEqual(['rejoin', 'revoked 0', 'revoked 1'])
    await membership.stop()
  })

  it('stops while it waits for a bus', async () => {
    const { membership } = aMembership({
      topics: async () => {
        throw new DtmsError('bus.unavailable', 'no broker answers')
      },
      pauses: { firstMs: 600_000, lastMs: 600_000 },
    })
    membership.start()
    await eventually(() => membership.problem === 'no broker answers')
    await membership.stop()
  })
})
