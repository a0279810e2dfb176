import { describe, expect, it } from 'vitest'
import { signature } from '../../streaming/webhook.ts'
import { eventually } from '../support/builders.ts'
import { differences, windowsOfLines, windowsOfRecords } from '../support/expected-windows.ts'
import { anHttpReceiver } from '../support/http-servers.ts'
import { aVolume } from '../support/log.ts'
import { anomalyLines, quarantineLines, windowLines } from '../support/stream-partition.ts'
import { aStream, metric, publish } from '../support/stream-service.ts'
import { transferStream } from '../support/transfer-stream.ts'

/** So low that a large share of all records are anomalies. */
const touchy = { ZSCORE_THRESHOLD: '0.5', DTMS_ZSCORE_REFRACTORY: '0' }

describe('the webhook of the stream service', () => {
  it('hears of every anomaly that is in the log, once, signed', async () => {
    const { volume } = aVolume()
    const hook = await anHttpReceiver((response) => response.writeHead(204).end())
    const stream = aStream(volume, { WEBHOOK_URL: hook.url, DTMS_WEBHOOK_SECRET: 'key', ZSCORE_THRESHOLD: '2' })
    await stream.service.start()
    await stream.ready()
    await publish(stream.bus, transferStream({ records: 900 }))
    const lines = await anomalyLines(volume)
    expect(lines.length).toBeGreaterThan(5)
    await eventually(() => hook.requests.length >= lines.length)
    await stream.service.stop()
    const told = hook.requests.map(({ body }) => JSON.parse(body))
    expect(told.map(({ event_id }) => event_id).sort()).toEqual(lines.map(({ transferId }) => transferId).sort())
    for (const { body, headers } of hook.requests) {
      expect(headers['x-dtms-signature']).toBe(signature('key', body))
      expect(headers['idempotency-key']).toBe(JSON.parse(body).event_id)
    }
    expect(await quarantineLines(volume)).toEqual([])
  })

  it('holds nothing up when it is dead, and what it was not told is kept in the log', async () => {
    const { volume } = aVolume()
    const hook = await anHttpReceiver(() => {})
    const stream = aStream(volume, { WEBHOOK_URL: hook.url, DTMS_WEBHOOK_QUEUE: '5', ...touchy })
    await stream.service.start()
    await stream.ready()
    const records = transferStream({ records: 1500 })
    // Resolves when all of it is counted and saved: the receiver has not answered anything until then.
    await publish(stream.bus, records)
    expect(differences(windowsOfRecords(records), windowsOfLines(await windowLines(volume)), () => false)).toEqual([])
    await hook.close()
    await stream.service.stop()
    const lost = await quarantineLines(volume)
    const anomalies = await anomalyLines(volume)
    expect(anomalies.length).toBeGreaterThan(500)
    expect(lost.map(({ text }) => JSON.parse(text).event_id).sort()).toEqual(
      anomalies.map(({ transferId }) => transferId).sort(),
    )
    expect(lost.filter(({ reason }) => reason === 'webhook_queue_full')).toHaveLength(lost.length - 5)
    expect(metric(await stream.metrics(), 'dtms_stream_webhook_errors_total')).toBeGreaterThan(0)
  })
})
