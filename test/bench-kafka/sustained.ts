import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { BenchRow } from '../bench/harness.ts'
import { inFolder } from '../bench/support-transfers.ts'
import { startBroker } from '../support/kafka-broker.ts'
import { main, startService } from '../support/service-process.ts'
import { boundOf, Shown } from './support-metrics.ts'

const RATE = 10_000
const SECONDS = 30

/** `dtms load` sends at an even rate through a broker, `dtms run stream` keeps up: from publishing to durable. */
export async function run(): Promise<BenchRow[]> {
  const broker = await startBroker()
  try {
    return await inFolder((folder) => sustained(folder, broker.brokers.join(',')))
  } finally {
    await broker.stop()
  }
}

async function sustained(folder: string, brokers: string): Promise<BenchRow[]> {
  const env = { DTMS_DATA_DIR: folder, DTMS_KAFKA_BROKERS: brokers, KAFKA_TOPIC: 'none', DTMS_STREAM_DECISIONS: 'none' }
  await load(env, RATE, 2)
  const service = startService('stream', { ...env, LOG_LEVEL: 'info' })
  try {
    const first = await handled(service, 2 * RATE)
    const began = performance.now()
    const report = await load(env, RATE, SECONDS)
    const last = await handled(service, 2 * RATE + report.acknowledged)
    const seconds = (performance.now() - began) / 1000
    const histogram = 'dtms_stream_end_to_end_latency_seconds'
    const at = (share: number) => boundOf(first.buckets(histogram), last.buckets(histogram), share)
    const rate = report.acknowledged / seconds
    const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)]
    return [
      {
        ...{ name: 'handled', value: rate, unit: 'records/s', bar: '>= 9,000' },
        ...{ ok: rate >= 0.9 * RATE, note: `${report.acknowledged} of ${report.sent} sent at ${RATE} a second` },
      },
      {
        ...{ name: 'publishing to durable, P95', value: p95, unit: 's', bar: '<= 2', ok: p95 <= 2 },
        note: `P50 <= ${p50} s, P99 <= ${p99} s (bounds of buckets)`,
      },
    ]
  } finally {
    await service.stop()
  }
}

async function load(
  env: Record<string, string>,
  rate: number,
  seconds: number,
): Promise<{ sent: number; acknowledged: number }> {
  const args = [main, 'load', '--to', 'kafka', '--json', '--rate', String(rate), '--seconds', String(seconds)]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', ...env },
  })
  return JSON.parse(stdout) as { sent: number; acknowledged: number }
}

async function handled(service: ReturnType<typeof startService>, records: number): Promise<Shown> {
  for (;;) {
    const shown = await Shown.of(service)
    if (shown !== undefined && shown.value('dtms_stream_internal_latency_seconds_count') >= records) return shown
    if (service.crashes.length > 0) throw new Error(service.crashes.join('\n'))
    await pause(200)
  }
}
