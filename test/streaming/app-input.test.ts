import { describe, expect, it } from 'vitest'
import type { TransferRecord } from '../../lib/record/record.ts'
import { plainTransfer } from '../support/bus-messages.ts'
import { differences, fromOf, windowsOfLines, windowsOfRecords } from '../support/expected-windows.ts'
import { aVolume } from '../support/log.ts'
import { quarantineLines, windowLines } from '../support/stream-partition.ts'
import { aStream, metric, publish, publishRaw } from '../support/stream-service.ts'
import { transferStream } from '../support/transfer-stream.ts'

const TOPIC = 'dtms_transfers'
const json = (fields: Record<string, unknown>): string => JSON.stringify(plainTransfer(fields))

const bad: [name: string, value: string | Buffer, reason: string][] = [
  ['a poison message', Buffer.from([0xff, 0xfe, 0, 1, 2]), 'not_json'],
  ['10 MB', Buffer.alloc(10_000_000, 0x20), 'too_large'],
  ['wrong JSON', '{"seq": 1,', 'not_json'],
  ['JSON that is no object', '[1, 2]', 'not_object'],
  ['a missing field', json({ src_site: undefined }), 'missing_field'],
  ['text for a number', json({ bytes: '1000' }), 'wrong_type'],
  ['a name that leads out of the folder', json({ src_site: '../../etc' }), 'bad_site'],
  ['a name that means something to the language', json({ src_site: '__proto__' }), 'bad_site'],
  ['a time in 1970', json({ timestamp: 12 }), 'time_range'],
  ['a time in 2100', json({ timestamp: 4_102_444_800 }), 'time_ahead'],
  ['a time beyond all', json({ timestamp: 1e12 }), 'time_range'],
  ['a message of a newer release', json({ schema_version: 2 }), 'newer_version'],
]

describe('messages that cannot be used', () => {
  it('are counted and kept, and take nothing else with them', async () => {
    const { volume } = aVolume()
    const stream = aStream(volume, { DTMS_KAFKA_PARTITIONS: '1' })
    await stream.service.start()
    await stream.ready()
    const records = transferStream({ records: 300 })
    await publish(stream.bus, records.slice(0, 150))
    await publishRaw(
      stream.bus,
      bad.map(([, value]) => value),
    )
    await publish(stream.bus, records.slice(150))
    const kept = await quarantineLines(volume)
    expect(kept.map(({ reason }) => reason)).toEqual(bad.map(([, , reason]) => reason))
    expect(kept[0]).toMatchObject({ origin: `${TOPIC}-p0`, offset: 150, bytes: 5 })
    expect(kept[1]?.bytes).toBe(10_000_000)
    const found = windowsOfLines(await windowLines(volume))
    expect(differences(windowsOfRecords(records), found, () => false)).toEqual([])
    const text = await stream.metrics()
    expect(metric(text, `dtms_stream_events_processed_total{topic="${TOPIC}"}`)).toBe(300)
    expect(metric(text, `dtms_stream_events_quarantined_total{topic="${TOPIC}",reason="not_json"}`)).toBe(2)
  })

  it('does not stop at one whose bytes divided by its time are more than a number can be', async () => {
    const { volume } = aVolume()
    const stream = aStream(volume, { DTMS_KAFKA_PARTITIONS: '1' })
    await stream.service.start()
    await stream.ready()
    const bytes = Number.MAX_SAFE_INTEGER
    await publishRaw(stream.bus, [
      json({ seq: 1, bytes, duration: 5e-324 }),
      json({ seq: 2, bytes, duration: 0, timestamp: 1_700_000_400 }),
    ])
    const line = (await windowLines(volume)).find(({ scope }) => scope === 'link')
    expect(line).toMatchObject({ count: 1, bytes, duration: { count: 1, sum: 0 }, rate: { count: 0 } })
  })

  it('are not kept twice when they are read twice', async () => {
    const { volume } = aVolume()
    const first = aStream(volume, { DTMS_KAFKA_PARTITIONS: '1' })
    await first.service.start()
    await publishRaw(first.bus, ['{', '['])
    await first.service.stop()
    const second = aStream(volume, { DTMS_KAFKA_PARTITIONS: '1' }, { bus: first.bus })
    await second.service.start()
    await second.ready()
    await publishRaw(second.bus, ['{"a"'])
    expect((await quarantineLines(volume)).map(({ offset }) => offset)).toEqual([0, 1, 2])
  })
})

describe('records that come twice, late or in disorder', () => {
  async function run(records: readonly TransferRecord[], env: Record<string, string> = {}) {
    const { volume } = aVolume()
    const stream = aStream(volume, { DTMS_KAFKA_PARTITIONS: '1', ...env })
    await stream.service.start()
    await stream.ready()
    await publish(stream.bus, records)
    const text = await stream.metrics()
    const counted = (what: string): number => metric(text, `dtms_stream_events_${what}_total{topic="${TOPIC}"}`) ?? 0
    return { counted, windows: windowsOfLines(await windowLines(volume)) }
  }

  it('counts what comes again once', async () => {
    const records = transferStream({ records: 200 })
    const again = [...records.slice(0, 120), ...records.slice(60, 120), ...records.slice(100)]
    const { counted, windows } = await run(again)
    expect([counted('processed'), counted('repeated')]).toEqual([200, 80])
    expect(differences(windowsOfRecords(records), windows, () => false)).toEqual([])
  })

  it('counts what is late as long as its window is open, and what is later as dropped', async () => {
    const [first, second, third] = transferStream({ records: 3, every: 1 }) as [TransferRecord, ...TransferRecord[]]
    const at = (record: TransferRecord | undefined, seq: number, endedAt: number): TransferRecord => ({
      ...(record ?? first),
      ...{ site: first.site, source: first.source, seq, endedAt },
    })
    const T = 1_700_000_040
    const records = [
      at(first, 1, T),
      at(second, 2, T + 110),
      at(third, 3, T + 30),
      at(first, 4, T + 200),
      at(first, 5, T),
    ]
    const { counted, windows } = await run(records)
    expect([counted('processed'), counted('late'), counted('dropped')]).toEqual([4, 1, 1])
    expect([...windows].filter(([key]) => fromOf(key) === T).reduce((sum, [, { count }]) => sum + count, 0)).toBe(2)
  })

  it('counts all of a log that is out of order by hours when so much lateness is allowed', async () => {
    const inOrder = transferStream({ records: 400, every: 20 })
    const records = inOrder.map((_, i) => inOrder[(i * 171) % 400] as TransferRecord)
    const { counted } = await run(records, { DTMS_STREAM_LATENESS_SECONDS: '14400' })
    expect([counted('processed'), counted('dropped'), counted('repeated')]).toEqual([400, 0, 0])
  })
})
