import { describe, expect, it } from 'vitest'
import { type ExporterFacts, ExporterMetrics } from '../../exporters/metrics.ts'
import { siteName } from '../../lib/names.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { aTransfer } from '../support/builders.ts'
import { SITE_A } from '../support/exporters.ts'

function aRecord(seq: number, changes: Partial<TransferRecord> = {}): TransferRecord {
  return { ...aTransfer(), v: 1, seq, id: `${SITE_A}-${seq}`, ...changes }
}

function someFacts(changes: Partial<ExporterFacts> = {}): ExporterFacts {
  return {
    pastProgress: 0.5,
    lagSeconds: 12,
    speed: 50,
    paused: { count: 1, seconds: 700 },
    collected: { received: 20, published: 18, refused: new Map([['bad_time', 2]]) },
    pending: 3,
    writer: {
      lines: 10,
      bytes: 5000,
      syncs: 3,
      sealedByFailure: 1,
      writeErrors: 2,
      retentionDeleted: 4,
      retentionForced: 1,
      lastSyncSeconds: 0.01,
    },
    readBack: { lagBytes: 77, repeated: 3, missing: 2, damaged: new Map([['crc', 5]]) },
    ...changes,
  }
}

const noSpace = {
  scope: 'destination',
  phase: 'preparation',
  class: 'no_space',
  message: 'no space left',
  retryable: false,
} as const

async function lines(metrics: ExporterMetrics): Promise<string[]> {
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

describe('metrics of transfers', () => {
  it('count bytes, outcomes and errors of what was read back', async () => {
    const metrics = new ExporterMetrics()
    metrics.observeTransfers(SITE_A, [
      aRecord(1),
      aRecord(2, { status: 'failed', bytesTransferred: 0, error: noSpace }),
      aRecord(3, { destination: siteName('SITE_C'), durationSeconds: 400 }),
    ])
    const text = await lines(metrics)
    expect(text).toContain('dtms_transfer_bytes_total{site="SITE_A"} 2000000000')
    expect(text).toContain('dtms_transfer_failures_total{site="SITE_A"} 1')
    expect(text).toContain('dtms_transfer_duration_seconds_bucket{le="300",site="SITE_A"} 2')
    expect(text).toContain('dtms_transfer_duration_seconds_bucket{le="600",site="SITE_A"} 3')
    const outcome = (destination: string, status: string) =>
      `dtms_transfers_total{site="SITE_A",source="SITE_A",destination="${destination}",status="${status}"} 1`
    expect(text).toContain(outcome('SITE_B', 'ok'))
    expect(text).toContain(outcome('SITE_B', 'failed'))
    expect(text).toContain(outcome('SITE_C', 'ok'))
    expect(text).toContain('dtms_transfer_errors_total{site="SITE_A",error_class="destination/no_space"} 1')
  })

  it('keep the number of series bounded, whatever names a log brings', async () => {
    const metrics = new ExporterMetrics()
    const records = Array.from({ length: 1000 }, (_, i) => aRecord(i + 1, { destination: siteName(`D${i}`) }))
    metrics.observeTransfers(SITE_A, records)
    const series = (await lines(metrics)).filter((line) => line.startsWith('dtms_transfers_total'))
    expect(series.length).toBeLessThanOrEqual(65)
    expect(series).toContainEqual(expect.stringContaining('destination="_other"'))
  })
})

describe('metrics of an exporter', () => {
  it('are asked for at the scrape, and totals only ever rise', async () => {
    const metrics = new ExporterMetrics()
    let facts: ExporterFacts | undefined = someFacts()
    metrics.watch(SITE_A, () => facts)
    const first = await lines(metrics)
    for (const line of [
      'dtms_world_lag_seconds{site="SITE_A"} 12',
      'dtms_backfill_progress_ratio{site="SITE_A"} 0.5',
      'dtms_world_speed_ratio{site="SITE_A"} 50',
      'dtms_log_lines_written_total{site="SITE_A"} 10',
      'dtms_log_bytes_written_total{site="SITE_A"} 5000',
      'dtms_log_write_errors_total{site="SITE_A"} 2',
      'dtms_log_damaged_lines_total{site="SITE_A",reason="crc"} 5',
      'dtms_log_missing_lines_total{site="SITE_A"} 2',
      'dtms_log_read_back_lag_bytes{site="SITE_A"} 77',
      'dtms_exporter_paused_seconds_total{site="SITE_A"} 700',
    ])
      expect(first).toContain(line)
    facts = someFacts({ writer: { ...someFacts().writer, lines: 14 }, lagSeconds: 1 })
    const second = await lines(metrics)
    expect(second).toContain('dtms_log_lines_written_total{site="SITE_A"} 14')
    expect(second).toContain('dtms_log_damaged_lines_total{site="SITE_A",reason="crc"} 5')
    expect(second).toContain('dtms_world_lag_seconds{site="SITE_A"} 1')
  })

  it('observe writes by backend', async () => {
    const metrics = new ExporterMetrics()
    metrics.observeWrite(SITE_A, 0.004)
    expect(await lines(metrics)).toContain('dtms_log_write_seconds_bucket{le="0.005",site="SITE_A",backend="volume"} 1')
  })
})

describe('layers', () => {
  it('are what was taken from the source, and what the store was given, of all sites', () => {
    const metrics = new ExporterMetrics()
    expect(metrics.layers()).toEqual([])
    metrics.watch(SITE_A, () => someFacts())
    metrics.watch(siteName('SITE_B'), () => someFacts({ collected: { received: 1, published: 1, refused: new Map() } }))
    metrics.watch(siteName('SITE_C'), () => undefined)
    metrics.observeWrite(SITE_A, 0.02)
    const [collectionA, storageA, collectionB, storageB, ...rest] = metrics.layers()
    expect(rest).toEqual([])
    expect(collectionA).toEqual({
      layer: 'collection',
      messages: { received: 22, published: 18, failed: 2 },
      validationFailures: new Map([['bad_time', 2]]),
    })
    expect(collectionB?.messages).toEqual({ received: 1, published: 1, failed: 0 })
    expect(storageA).toMatchObject({ layer: 'storage', messages: { received: 13, processed: 10, failed: 2 } })
    expect(storageA?.validationFailures).toEqual(new Map([['crc', 5]]))
    // One tally of all sites: told twice it would count twice.
    expect(storageA?.stages?.write?.read()).toMatchObject({ count: 1, sum: 0.02 })
    expect(storageB?.stages).toEqual({})
  })
})
