import type { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAnomaly } from '../../anomaly/app.ts'
import { anomalyConfig } from '../../anomaly/config.ts'
import { AnomalyMetrics } from '../../anomaly/metrics.ts'
import { Session, WRITER } from '../../anomaly/session.ts'
import type { Verdict } from '../../anomaly/verdicts.ts'
import { loadConfig } from '../../lib/config.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'
import { anomaliesCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { aClock, aFolder, eventually } from '../support/builders.ts'
import { isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

const stream = transferStream({
  records: 2400,
  change: (record, n) => (n > 1200 && isOnLink(record, 'SITE_A', 'SITE_B') ? slowedRecord(record, 8) : record),
})

async function write(volume: Volume, records: readonly TransferRecord[]): Promise<void> {
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

/** The threads that are started while the test runs. */
function startedThreads(): Worker[] {
  const threads: Worker[] = []
  const note = (worker: Worker): unknown => threads.push(worker)
  process.on('worker', note)
  onTestFinished(() => {
    process.off('worker', note)
  })
  return threads
}

async function aSession(
  volume: Volume,
): Promise<{ session: Session; failures: unknown[]; close: () => Promise<void> }> {
  const config = loadConfig(anomalyConfig, { DTMS_LOG_POLL_MS: '5', DTMS_ANOMALY_CHECKPOINT_SECONDS: '3600' })
  const options = { volume, stream: 'anomalies', writer: WRITER, codec: anomaliesCodec, clock: aClock() }
  const writer = await openLogWriter<Verdict>({ ...options, logger: silentLogger })
  const failures: unknown[] = []
  const session = await Session.open({
    ...{ config, volume, logger: silentLogger, metrics: new AnomalyMetrics(), writer },
    onFailure: (error) => failures.push(error),
  })
  const close = async (): Promise<void> => {
    await session.close()
    await writer.close()
  }
  onTestFinished(close)
  return { session, failures, close }
}

describe('one life of the detection', () => {
  test('reads the log to its end, and knows how far it is', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await write(volume, stream)
    const { session } = await aSession(volume)
    await eventually(() => session.caughtUp)
    expect(session.facts.counts.records).toBe(2400)
    expect(session.newestAt).toBeCloseTo(Math.max(...stream.map(({ endedAt }) => endedAt)), 2)
    expect(session.lagBytes()).toBe(0)
    expect(session.healthy && session.alive).toBe(true)
  })

  test('saves place, state and model together when it is closed, and keeps no model that nobody needs', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    for (const [from, to] of [
      [0, 800],
      [800, 1600],
      [1600, 2400],
    ]) {
      await write(volume, stream.slice(from, to))
      const { session, close } = await aSession(volume)
      await eventually(() => session.caughtUp && session.facts.counts.records === to)
      await close()
    }
    expect((await volume.list('checkpoints/anomaly'))?.length).toBe(2)
    expect((await volume.list('models/anomaly'))?.length).toBeLessThanOrEqual(3)
  })

  test('says that its thread has died, once, also when nothing was to be scored', async () => {
    const threads = startedThreads()
    const volume = createInlineVolume({ root: aFolder() })
    const { session, failures } = await aSession(volume)
    await eventually(() => session.caughtUp)
    await threads[0]?.terminate()
    await eventually(() => failures.length > 0)
    expect(session.alive).toBe(false)
    expect(failures).toEqual([expect.objectContaining({ code: 'internal.bug', retryable: true })])
  })
})

describe('the scoring thread of the service', () => {
  test('that dies between records is replaced, and the verdicts are those of an undisturbed run', async () => {
    const quiet = createInlineVolume({ root: aFolder() })
    await write(quiet, stream)
    const undisturbed = await aSession(quiet)
    await eventually(() => undisturbed.session.caughtUp)
    await undisturbed.close()

    const threads = startedThreads()
    const volume = createInlineVolume({ root: aFolder() })
    await write(volume, stream.slice(0, 1500))
    const config = loadConfig(anomalyConfig, { DTMS_LOG_POLL_MS: '5', DTMS_ANOMALY_CHECKPOINT_SECONDS: '3600' })
    const clock = createSharedClock(volume, 'wall')
    const service = createAnomaly({ config, volume, clock, logger: silentLogger })
    onTestFinished(() => service.stop())
    await service.start()
    const isReady = (): boolean => Object.values(service.checks()).every(({ ok }) => ok)
    await eventually(isReady)

    await threads[0]?.terminate()
    await eventually(() => !isReady())
    // What is written while nobody scores, and what was scored since the last checkpoint, is scored by the next thread.
    await write(volume, stream.slice(1500))
    await eventually(() => threads.length === 2 && isReady())
    await eventually(async () =>
      (await service.registry.metrics()).includes('dtms_anomaly_records_total{result="scored"} 2400'),
    )
    expect(await service.registry.metrics()).toContain('dtms_anomaly_restarts_total 1')
    await service.stop()
    expect(await verdictsIn(volume)).toEqual(await verdictsIn(quiet))
  })
})
