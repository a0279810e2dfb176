import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import { silentLogger } from '../../lib/logger.ts'
import { linkKey } from '../../lib/names.ts'
import type { Bus, BusRecord } from '../../streaming/bus.ts'
import type { Routed } from '../../streaming/flow.ts'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { defaultPartition } from '../../streaming/partitioning.ts'
import { Router } from '../../streaming/router.ts'
import { Collector } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'
import { aMessage } from '../support/bus-messages.ts'
import { anEvent } from '../support/stream-events.ts'

const plan = { topic: 'copies', partitions: 3, replication: 1, retentionHours: 1 }

function routed(value: string, destination = 'SITE_B'): Routed {
  const { source, destination: to } = anEvent({ destination })
  return {
    target: { rule: 'all', topic: 'copies' },
    message: aMessage({}, { headers: new Map([['traceparent', 't']]) }),
    value: Buffer.from(value),
    link: linkKey(source, to),
    decision: {
      eventId: value,
      offset: 0,
      key: '',
      at: 0,
      score: 0,
      zScore: 0,
      channel: 'none',
      anomaly: false,
      processingMs: 0,
    },
  }
}

function aRouter(bus: Bus) {
  const counts = { sent: 0, refused: 0 }
  const router = new Router({
    ...{ bus, logger: silentLogger },
    onSent: (_, records) => {
      counts.sent += records
    },
    onRefused: (_, records) => {
      counts.refused += records
    },
  })
  return { router, counts }
}

describe('the router', () => {
  it('publishes to the topic of the rule, keyed by link, and resolves when that is acknowledged', async () => {
    const bus = createMemoryBus()
    const { router, counts } = aRouter(bus)
    await router.prepare([plan])
    const collector = new Collector()
    await collector.join(bus, 'copies')
    await router.send([routed('a'), routed('b', 'SITE_C'), routed('c')])
    await eventually(() => collector.count() === 3)
    const partition = defaultPartition('SITE_A>SITE_B', 3)
    expect(collector.values.get(partition)?.filter((value) => value !== 'b')).toEqual(['a', 'c'])
    const headers = collector.messages.map((message) => [...message.headers])
    expect(headers[0]).toEqual([
      ['traceparent', 't'],
      ['dtms-rule', 'all'],
    ])
    expect(counts).toEqual({ sent: 3, refused: 0 })
    await router.close()
    await bus.close()
  })

  it('tells which record a topic refuses, and sends the others', async () => {
    const published: string[] = []
    const bus = {
      ranges: async () => [{ partition: 0, first: 0, next: 0 }],
      publisher: async () => ({
        async publish(_topic: string, records: readonly BusRecord[]) {
          if (records.some(({ value }) => String(value) === 'bad')) throw new DtmsError('bus.refused', 'too large')
          published.push(...records.map(({ value }) => String(value)))
          return []
        },
        async close() {},
      }),
    } as Partial<Bus> as Bus
    const { router, counts } = aRouter(bus)
    await router.send([routed('a'), routed('bad'), routed('c')])
    expect([published, counts]).toEqual([['a', 'c'], { sent: 2, refused: 1 }])
  })

  it('fails when the bus is away, so that the records are handled again', async () => {
    const bus = createMemoryBus()
    const { router } = aRouter(bus)
    await expect(router.send([routed('a')])).rejects.toMatchObject({ code: 'bus.unavailable' })
    await bus.close()
  })
})
