import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { siteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { quarantineCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { aFolder, aTransfer, eventually, NOON } from '../support/builders.ts'
import { fileText, readAll } from '../support/log.ts'
import { aProducer, countedIds, idOf } from '../support/producers.ts'
import { ScriptedBus } from '../support/scripted-bus.ts'
import { writeTransfers } from '../support/streams.ts'

const sites = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)

/** Transfers over all links of three sites; those of one site do not end in the order in which they were recorded. */
function someTransfers(count: number, from = 0): Transfer[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i
    const source = sites[n % 3] ?? siteName('SITE_A')
    const destination = sites[(n + 1 + (n % 2)) % 3] ?? siteName('SITE_B')
    return aTransfer({ site: source, source, destination, endedAt: NOON + n - 40 * (n % 5) })
  })
}

function ids(count: number): string[] {
  const seqs = new Map<string, number>()
  return someTransfers(count).map(({ site }) => {
    const seq = (seqs.get(site) ?? 0) + 1
    seqs.set(site, seq)
    return `${site}-${seq}`
  })
}

async function aLog(count: number): Promise<string> {
  const root = aFolder()
  await writeTransfers(createInlineVolume({ root }), someTransfers(count))
  return root
}

const ready = ({ service }: ReturnType<typeof aProducer>): boolean =>
  Object.values(service.checks()).every(({ ok }) => ok)

describe('the producer publishes', () => {
  it('every record of every site, those of a link in one partition, those of a site in the order of their numbers', async () => {
    const root = await aLog(300)
    const bus = new ScriptedBus()
    const producer = aProducer(root, bus, { DTMS_PRODUCER_BATCH_BYTES: '4096' })
    await producer.service.start()
    await eventually(() => bus.records().length === 300)
    const partitions = bus.topics.get('dtms_transfers') ?? []
    expect(partitions).toHaveLength(3)
    expect(countedIds(partitions).sort()).toEqual(ids(300).sort())
    const partitionsOf = new Map<string, Set<number>>()
    for (const { key, partition } of bus.records()) {
      partitionsOf.set(key, (partitionsOf.get(key) ?? new Set()).add(partition))
    }
    expect(partitionsOf.size).toBe(6)
    expect([...partitionsOf.values()].every((own) => own.size === 1)).toBe(true)
    expect(Math.max(...bus.batches.map((batch) => batch.length))).toBeLessThan(12)
    expect(bus.mostUnderWay).toBeGreaterThan(1)
    expect(await producer.metric('dtms_producer_acknowledged_records_total')).toBe(300)
    expect(ready(producer)).toBe(true)
  })

  it('what comes later, and after an orderly stop nothing twice', async () => {
    const root = await aLog(30)
    const bus = new ScriptedBus()
    const first = aProducer(root, bus)
    await first.service.start()
    await eventually(() => bus.records().length === 30)
    await first.service.stop()
    await first.service.stop()
    const second = aProducer(root, bus)
    await second.service.start()
    await writeTransfers(second.volume, someTransfers(30, 30))
    await eventually(() => bus.records().length === 60)
    await second.service.stop()
    expect(new Set(bus.records().map(idOf)).size).toBe(60)
    expect(bus.records()).toHaveLength(60)
  })

  it('to the memory bus as well, which acknowledges what its reader has committed', async () => {
    const root = await aLog(60)
    const bus = createMemoryBus()
    const producer = aProducer(root, bus)
    await producer.service.start()
    await eventually(async () => {
      const ranges = await bus.ranges('dtms_transfers')
      return ranges?.reduce((sum, { next }) => sum + next, 0) === 60
    })
    expect(await producer.metric('dtms_producer_acknowledged_records_total')).toBe(0)
    const heard: string[] = []
    const subscription = await bus.subscribe({
      ...{ topics: ['dtms_transfers'], group: 'g', onRevoked: async () => {}, onLost: () => {} },
      onAssigned: async ({ first }) => first,
      onRecords: async (partition, records) => {
        for (const { value } of records) if (value !== undefined) heard.push(idOf({ value }))
        await subscription.commit(partition, (records.at(-1)?.offset ?? 0) + 1)
      },
    })
    await eventually(async () => (await producer.metric('dtms_producer_acknowledged_records_total')) === 60)
    expect(heard.sort()).toEqual(ids(60).sort())
    await producer.service.stop()
    await bus.close()
  })
})

describe('while the broker is away', () => {
  it('at the start it waits, says so once, is not ready, and goes on when it is there', async () => {
    const root = await aLog(30)
    const bus = new ScriptedBus()
    bus.away()
    const producer = aProducer(root, bus)
    await producer.service.start()
    await eventually(async () => (await producer.metric('dtms_producer_errors_total')) >= 2)
    expect(producer.service.checks()).toMatchObject({ bus: { ok: false }, topic: { ok: false } })
    expect(producer.said.filter(({ level }) => level === 'warn')).toHaveLength(1)
    bus.back()
    await eventually(() => bus.records().length === 30)
    await eventually(() => ready(producer))
  })

  it('later its place stays at what was acknowledged, and another life sends the rest', async () => {
    const root = await aLog(30)
    const bus = new ScriptedBus()
    const first = aProducer(root, bus, { DTMS_KAFKA_PARTITIONS: '1' })
    await first.service.start()
    await eventually(() => bus.records().length === 30)
    bus.away()
    await writeTransfers(first.volume, someTransfers(30, 30))
    await eventually(async () => (await first.metric('dtms_producer_outstanding_records')) === 30)
    expect(ready(first)).toBe(false)
    await first.service.stop()
    bus.back()
    const second = aProducer(root, bus, { DTMS_KAFKA_PARTITIONS: '1' })
    await second.service.start()
    await eventually(() => bus.records().length >= 60)
    expect(countedIds(bus.topics.get('dtms_transfers') ?? [])).toHaveLength(60)
  })

  it('reading stops when so much is waiting as memory allows', async () => {
    const root = await aLog(12_000)
    const bus = new ScriptedBus()
    await bus.ensureTopics([{ topic: 'dtms_transfers', partitions: 1, replication: 1, retentionHours: 1 }])
    const producer = aProducer(root, bus, { DTMS_LOG_POLL_MS: '1' })
    bus.refuse = () => new DtmsError('bus.refused', 'no rights', { retryable: true })
    await producer.service.start()
    await eventually(async () => (await producer.metric('dtms_producer_outstanding_records')) >= 8192)
    expect(await producer.metric('dtms_producer_outstanding_records')).toBeLessThan(11_000)
    expect(await producer.metric('dtms_producer_lag_bytes')).toBeGreaterThan(0)
    await eventually(() => producer.service.checks().rights?.ok === false)
    expect(producer.said.filter(({ level }) => level === 'error')).toHaveLength(1)
    bus.refuse = () => undefined
    await eventually(() => bus.records().length === 12_000)
    expect(bus.records()).toHaveLength(12_000)
  })
})

describe('the topic', () => {
  it('that is missing is made by the settings; each difference of one that is there is one warning with the next step', async () => {
    const root = await aLog(3)
    const bus = new ScriptedBus()
    bus.make('dtms_transfers', 2)
    bus.differences = [
      { topic: 'dtms_transfers', what: 'partitions', wanted: '3', found: '2' },
      { topic: 'dtms_transfers', what: 'retention.ms', wanted: '86400000', found: '1000' },
    ]
    const producer = aProducer(root, bus)
    await producer.service.start()
    await eventually(() => bus.records().length === 3)
    expect(bus.plans[0]).toEqual({ topic: 'dtms_transfers', partitions: 3, replication: 1, retentionHours: 24 })
    const warnings = producer.said.filter(({ level }) => level === 'warn')
    expect(warnings.map(({ fields }) => [fields.what, typeof fields.hint])).toEqual([
      ['partitions', 'string'],
      ['retention.ms', 'string'],
    ])
    expect(await producer.metric('dtms_producer_topic_differences')).toBe(2)
  })

  it.each([
    ['is deleted', (bus: ScriptedBus) => bus.topics.delete('dtms_transfers')],
    ['is made anew', (bus: ScriptedBus) => bus.make('dtms_transfers', 3)],
  ])('that %s while it is used gets the whole log again, in order', async (_case, change) => {
    const root = await aLog(60)
    const bus = new ScriptedBus()
    const producer = aProducer(root, bus)
    await producer.service.start()
    await eventually(() => bus.records().length === 60)
    change(bus)
    await eventually(async () => (await producer.metric('dtms_producer_republished_total')) === 1)
    await eventually(() => bus.records().length === 60)
    expect(countedIds(bus.topics.get('dtms_transfers') ?? []).sort()).toEqual(ids(60).sort())
    expect(producer.said.some(({ message }) => message.includes('published again from its beginning'))).toBe(true)
  })

  it('is not taken for another one by an answer that is older than what was acknowledged since', async () => {
    const root = await aLog(30)
    const bus = new ScriptedBus()
    const producer = aProducer(root, bus)
    await producer.service.start()
    await eventually(() => bus.records().length === 30)
    // From now on more is acknowledged while each answer is on its way, as on a processor that has other things to do.
    const ranges = bus.ranges.bind(bus)
    let overtaken = 0
    bus.ranges = async (topic) => {
      const found = await ranges(topic)
      const held = bus.records().length
      if (overtaken < 3) {
        await writeTransfers(producer.volume, someTransfers(30, held))
        await eventually(async () => (await producer.metric('dtms_producer_acknowledged_records_total')) >= held + 30)
        overtaken += 1
      }
      return found
    }
    await eventually(() => overtaken === 3)
    expect(await producer.metric('dtms_producer_republished_total')).toBe(0)
    expect(bus.records()).toHaveLength(120)
  })

  it('that was made anew while no producer ran is noticed at the next start', async () => {
    const root = await aLog(60)
    const bus = new ScriptedBus()
    const first = aProducer(root, bus)
    await first.service.start()
    await eventually(() => bus.records().length === 60)
    await first.service.stop()
    bus.make('dtms_transfers', 3)
    const second = aProducer(root, bus)
    await second.service.start()
    await eventually(() => bus.records().length === 60)
    expect(await second.metric('dtms_producer_republished_total')).toBe(1)
  })

  it('that grows keeps every link where it is', async () => {
    const root = await aLog(60)
    const bus = new ScriptedBus()
    const producer = aProducer(root, bus)
    await producer.service.start()
    await eventually(() => bus.records().length === 60)
    const places = new Map(bus.records().map(({ key, partition }) => [key, partition]))
    bus.topics.get('dtms_transfers')?.push([], [], [], [])
    await eventually(() => producer.said.some(({ message }) => message.includes('has grown')))
    await writeTransfers(producer.volume, someTransfers(60, 60))
    const far = ['V', 'W', 'X', 'Y', 'Z'].map((name) => aTransfer({ destination: siteName(name) }))
    await writeTransfers(producer.volume, far)
    await eventually(() => bus.records().length === 125)
    for (const { key, partition } of bus.records()) {
      if (places.has(key)) expect([key, partition]).toEqual([key, places.get(key)])
    }
    expect(Math.max(...bus.records().map(({ partition }) => partition))).toBeGreaterThan(2)
  })
})

it('a record that the bus will never take is put into quarantine and counted, and nothing else is lost', async () => {
  const root = await aLog(60)
  const bus = new ScriptedBus()
  bus.refuse = (records) =>
    records.some((record) => idOf(record) === 'SITE_B-7') ? new DtmsError('bus.refused', 'too large') : undefined
  const producer = aProducer(root, bus)
  await producer.service.start()
  await eventually(() => bus.records().length === 59)
  const expected = ids(60).filter((id) => id !== 'SITE_B-7')
  expect(countedIds(bus.topics.get('dtms_transfers') ?? []).sort()).toEqual(expected.sort())
  await eventually(async () => (await producer.metric('dtms_producer_quarantined_records_total')) === 1)
  await producer.service.stop()
  const kept = await readAll(
    createTailer({ volume: producer.volume, stream: 'quarantine', writers: ['producer'], codec: quarantineCodec }),
  )
  expect(kept.entries.map(({ value }) => [value.reason, value.origin, value.line])).toEqual([
    ['refused_by_bus', 'transfers/SITE_B', 7],
  ])
  const again = aProducer(root, bus)
  await again.service.start()
  await eventually(() => ready(again))
  expect(bus.records()).toHaveLength(59)
})

it('of two producers on one volume the second is refused and names the first', async () => {
  const root = await aLog(3)
  const bus = new ScriptedBus()
  const first = aProducer(root, bus)
  await first.service.start()
  const holder = JSON.parse(fileText(root, 'quarantine/producer/lease.json')).holder
  // A living process of this host that is not this one; it beats while it is watched.
  const other = { ...holder, pid: 1, start: holder.start + 1 }
  await first.service.stop()
  const lease = (beat: number) => JSON.stringify({ v: 1, holder: { ...other, host: 'elsewhere' }, epoch: 9, beat })
  writeFileSync(join(root, 'quarantine/producer/lease.json'), `${lease(1)}\n`)
  const second = aProducer(root, bus)
  const started = second.service.start()
  await eventually(() => second.said.some(({ message }) => message.includes('present writer')))
  writeFileSync(join(root, 'quarantine/producer/lease.json'), `${lease(2)}\n`)
  await expect(started).rejects.toMatchObject({
    code: 'log.writer_busy',
    message: expect.stringContaining('elsewhere'),
  })
})
