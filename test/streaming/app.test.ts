import { describe, expect, it } from 'vitest'
import { differences, windowsOfLines, windowsOfRecords } from '../support/expected-windows.ts'
import { aVolume } from '../support/log.ts'
import { windowLines } from '../support/stream-partition.ts'
import { aStream, metric, publish } from '../support/stream-service.ts'
import { transferStream } from '../support/transfer-stream.ts'

describe('the stream service', () => {
  it('counts what is published, is ready when its partitions are restored, and says what it did', async () => {
    const { volume } = aVolume()
    const stream = aStream(volume)
    expect(stream.service.checks().partitions?.ok).toBe(false)
    await stream.service.start()
    await stream.ready()
    const records = transferStream({ records: 900 })
    await publish(stream.bus, records)
    const lines = await windowLines(volume)
    expect(differences(windowsOfRecords(records), windowsOfLines(lines), () => false)).toEqual([])
    expect(lines.length).toBeGreaterThan(50)
    const text = await stream.metrics()
    expect(metric(text, 'dtms_stream_events_processed_total{topic="dtms_transfers"}')).toBe(900)
    expect(metric(text, 'dtms_stream_processing_seconds_count')).toBe(900)
    expect(metric(text, 'dtms_stream_end_to_end_latency_seconds_count')).toBe(900)
    expect(metric(text, 'dtms_stream_partitions')).toBe(3)
  })
})
