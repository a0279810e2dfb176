import { describe, expect, onTestFinished, test } from 'vitest'
import { createAnomaly } from '../../anomaly/app.ts'
import { anomalyConfig } from '../../anomaly/config.ts'
import { loadConfig } from '../../lib/config.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { Service } from '../../lib/service.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'
import { anomaliesCodec, eventsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { aClock, aFolder, eventually, NOON } from '../support/builders.ts'
import { isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

function aService(volume: Volume, env: Record<string, string> = {}): Service {
  const config = loadConfig(anomalyConfig, { DTMS_LOG_POLL_MS: '5', ...env })
  const service = createAnomaly({ config, volume, clock: createSharedClock(volume, 'wall'), logger: silentLogger })
  onTestFinished(() => service.stop())
  return service
}

async function writeRecords(volume: Volume, records: readonly TransferRecord[]): Promise<void> {
  for (const site of new Set(records.map((record) => record.site))) {
    const options = { volume, stream: 'transfers', writer: site, codec: transferCodec, clock: aClock() }
    const writer = await openLogWriter({ ...options, logger: silentLogger })
    await writer.appendAll(records.filter((record) => record.site === site).map(({ id: _id, ...transfer }) => transfer))
    await writer.close()
  }
}

async function verdictsIn(volume: Volume): Promise<AnomalyLine[]> {
  const tailer = createTailer({ volume, stream: 'anomalies', codec: anomaliesCodec })
  return (await tailer.poll(64 * 1024 * 1024)).entries.map(({ value }) => value)
}

const isReady = (service: Service): boolean => Object.values(service.checks()).every(({ ok }) => ok)

const browned = transferStream({
  records: 3000,
  change: (record, n) => (n > 2400 && isOnLink(record, 'SITE_A', 'SITE_B') ? slowedRecord(record, 8) : record),
})

describe('the anomaly service', () => {
  test('appends verdicts that say why, and is ready when the model scores and the log is read', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeRecords(volume, browned)
    const service = aService(volume)
    expect(isReady(service)).toBe(false)
    await service.start()
    await eventually(() => isReady(service))
    const verdicts = await verdictsIn(volume)
    const shift = verdicts.find(({ detector }) => detector === 'throughput-shift')
    expect(shift).toMatchObject({ level: 'link', source: 'SITE_A', destination: 'SITE_B' })
    const transfer = verdicts.find(({ detector, source, destination, at }) => {
      return (
        detector === 'forest' && source === 'SITE_A' && destination === 'SITE_B' && at > (browned[2400]?.endedAt ?? 0)
      )
    })
    expect(transfer?.why).toMatch(/rate .* MB\/s, usually .*, z −.*: \d+ % of the score/)
    expect(transfer?.score).toBeGreaterThan(transfer?.threshold ?? 1)
    const metrics = await service.registry.metrics()
    expect(metrics).toMatch(/dtms_anomaly_count\{site="SITE_A"\} [1-9]/)
    expect(metrics).toMatch(/dtms_anomaly_score_min\{site="SITE_A"\} -0\.\d/)
    expect(metrics).toMatch(/dtms_anomaly_verdicts_total\{detector="throughput-shift",severity="\w+"\} 1/)
    expect(metrics).toContain('dtms_anomaly_records_total{result="scored"} 3000')
  })

  test('becomes ready on a log that is too short for a model', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeRecords(volume, transferStream({ records: 100 }))
    const service = aService(volume)
    await service.start()
    await eventually(() => isReady(service))
    expect(service.checks().model?.detail).toBe('100 records so far: z-scores only')
  })

  test('goes on where it stopped, and writes what an uninterrupted run would have written', async () => {
    const whole = createInlineVolume({ root: aFolder() })
    await writeRecords(whole, browned)
    const one = aService(whole)
    await one.start()
    await eventually(() => isReady(one))
    await one.stop()

    const parts = createInlineVolume({ root: aFolder() })
    for (const [from, to] of [
      [0, 1000],
      [1000, 2500],
      [2500, 3000],
    ]) {
      await writeRecords(parts, browned.slice(from, to))
      const service = aService(parts)
      await service.start()
      await eventually(() => isReady(service))
      await service.stop()
    }
    expect(await verdictsIn(parts)).toEqual(await verdictsIn(whole))
  })

  test('a kill between appending and saving appends nothing twice', async () => {
    const folder = aFolder()
    const volume = createInlineVolume({ root: folder })
    await writeRecords(volume, browned)
    // Without its checkpoint the second life has forgotten everything that the first one did.
    const first = aService(volume)
    await first.start()
    await eventually(() => isReady(first))
    await first.stop()
    const before = await verdictsIn(volume)
    for (const name of ['forest', 'forest.previous']) await volume.remove(`checkpoints/anomaly/${name}`)
    const second = aService(volume)
    await second.start()
    await eventually(() => isReady(second))
    await second.stop()
    expect(await verdictsIn(volume)).toEqual(before)
    expect(new Set(before.map(({ id }) => id)).size).toBe(before.length)
    expect(await second.registry.metrics()).toContain(`dtms_anomaly_verdicts_repeated_total ${before.length}`)
  })

  test('raises nothing inside an announced maintenance window', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const startsAt = browned[2400]?.endedAt ?? NOON
    const options = { volume, stream: 'events', writer: 'api', codec: eventsCodec, clock: aClock() }
    const events = await openLogWriter({ ...options, logger: silentLogger })
    await events.append({
      type: 'maintenance',
      at: startsAt - 60,
      scope: { source: siteName('SITE_A'), destination: siteName('SITE_B') },
      startsAt,
      endsAt: startsAt + 86_400,
    })
    await events.close()
    await writeRecords(volume, browned)
    const service = aService(volume)
    await service.start()
    await eventually(() => isReady(service))
    const inside = (await verdictsIn(volume)).filter(
      ({ source, destination, at }) => source === 'SITE_A' && destination === 'SITE_B' && at >= startsAt,
    )
    expect(inside).toEqual([])
  })

  test('a damaged model file is refused with its reason and the forest fitted again', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeRecords(volume, browned.slice(0, 1500))
    const first = aService(volume)
    await first.start()
    await eventually(() => isReady(first))
    await first.stop()
    const [name] = (await volume.list('models/anomaly')) ?? []
    const bytes = await volume.read(`models/anomaly/${name}`, 0, 1e7)
    if (bytes === undefined) throw new Error('no model file')
    bytes[5000] = (bytes[5000] ?? 0) ^ 1
    await volume.replace(`models/anomaly/${name}`, bytes)
    const second = aService(volume)
    await second.start()
    await eventually(() => isReady(second))
    expect(second.checks().model).toEqual({ ok: true })
    expect(await second.registry.metrics()).toContain('dtms_model_refused_total{reason="checksum"} 1')
  })

  test('works with the npm forest as well', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeRecords(volume, browned.slice(0, 700))
    const service = aService(volume, { DTMS_FOREST: 'ml-isolation-forest' })
    await service.start()
    await eventually(() => isReady(service))
    expect(service.checks().model).toEqual({ ok: true })
  })

  test('opens nothing when it is made, and can be stopped twice and before its start', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const service = aService(volume)
    expect(await service.registry.metrics()).toContain('dtms_anomaly_count')
    expect(await volume.list('anomalies')).toBeUndefined()
    expect(await volume.list('checkpoints')).toBeUndefined()
    await service.stop()
    await service.stop()
  })
})
