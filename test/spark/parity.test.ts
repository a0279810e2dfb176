import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RELATIVE_ERROR } from '../../lib/detect/sketch.ts'
import type { BusRecord } from '../../streaming/bus.ts'
import { MeasureState } from '../../streaming/measure.ts'
import type { WindowPart } from '../../streaming/windows.ts'
import { eventually, NOON } from '../support/builders.ts'
import { type Broker, startBroker } from '../support/kafka-broker.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { type SparkRun, submit, submitJob } from '../support/spark-job.ts'
import { noSpark } from '../support/spark-parts.ts'
import { isQuantile, measures, type SparkWindow, valuesByWindow, windowId } from '../support/spark-windows.ts'
import { flush, published, ReadTopic, transferStream } from '../support/transfer-topic.ts'

const PARTITIONS = 3
const TOPIC = 'dtms_transfers'
const WINDOWS = 'dtms_windows'
const rules = { windowSeconds: 60, watermarkSeconds: 10, latenessSeconds: 50 }

const reason = noSpark() ?? noKafka()
describe.skipIf(reason !== undefined)(`the windows on Spark${reason === undefined ? '' : `: ${reason}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-spark-'))
  const output = join(folder, 'windows')
  const dtms = new ReadTopic(rules)
  const seqs = new Map<string, number>()
  let broker: Broker
  let kafka: Kafka
  let spark: SparkWindow[]

  beforeAll(async () => {
    broker = await startBroker()
    kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({
      topics: [
        { topic: TOPIC, numPartitions: PARTITIONS },
        { topic: WINDOWS, numPartitions: 1 },
      ],
    })
    await admin.disconnect()

    await publish(withRepeats(published(transferStream('parity', 6000, NOON, seqs), PARTITIONS)))
    const first = submitJob(environment({ DTMS_SPARK_MAX_OFFSETS: '500', DTMS_SPARK_TRIGGER_SECONDS: '1' }))
    await Promise.race([eventually(() => committed() >= 3, 240_000), ended(first)])
    first.kill9()
    expect(await first.ended, first.output().slice(0, 20_000)).not.toBe(0)

    await publish(unusable())
    await publish(published(flush(NOON + 7200, seqs), PARTITIONS))
    progress = await runToEnd()
    spark = await parquet()
  }, 300_000)

  afterAll(async () => {
    await broker?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  let progress: { query: string; rows: number; refused: number; late: number }[]

  it('are the same as those of the stream service after a kill, each written once, counts, failures and bytes equal', () => {
    const mine = [...merged(dtms.closed)].map(([id, parts]) => [id, sums(parts)])
    const theirs = spark.map(({ id, count, failed, failures, bytes }) => [id, { count, failed, failures, bytes }])
    expect(theirs).toHaveLength(mine.length)
    expect(mine.length).toBeGreaterThan(150)
    expect(Object.fromEntries(theirs)).toEqual(Object.fromEntries(mine))
    expect(dtms.dropped).toBe(0)
  })

  it('count what no window can use, and drop nothing', () => {
    expect(sum(progress.map(({ late }) => late))).toBe(0)
    expect(sum(progress.map(({ refused }) => refused))).toBe(trouble.length)
    expect(dtms.refused).toBe(trouble.length)
  })

  it('have the same means within 1e-9', () => {
    const mine = merged(dtms.closed)
    for (const window of spark) {
      for (const name of measures) {
        const state = mergedMeasure(mine.get(window.id) ?? [], name)
        expect(window[name].count).toBe(state.count)
        expect([window[name].min, window[name].max]).toEqual([state.min, state.max])
        if (state.count === 0) continue
        const mean = state.sum / state.count
        expect(Math.abs(window[name].mean - mean)).toBeLessThanOrEqual(1e-9 * Math.abs(mean))
      }
    }
  })

  it('have percentiles that both lie within their stated errors of the true ones', () => {
    const mine = merged(dtms.closed)
    const values = valuesByWindow(dtms.events, rules.windowSeconds)
    const wrong: unknown[] = []
    for (const window of spark) {
      for (const name of measures) {
        const sorted = values.get(window.id)?.[name] ?? []
        const state = mergedMeasure(mine.get(window.id) ?? [], name)
        for (const [percentile, q] of [
          ['p50', 0.5],
          ['p95', 0.95],
          ['p99', 0.99],
        ] as const) {
          const [ours, theirs] = [state[percentile], window[name][percentile]]
          if (!isQuantile(sorted, q, ours, RELATIVE_ERROR)) wrong.push({ by: 'dtms', id: window.id, name, q, ours })
          const ranks = Math.ceil(sorted.length / 10_000) - 1
          if (!isQuantile(sorted, q, theirs, 0, ranks)) wrong.push({ by: 'spark', id: window.id, name, q, theirs })
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('are in their topic under their ids, where a reader that replaces by key has each once', async () => {
    const byKey = await windowsTopic(new Set(spark.map(({ id }) => id)))
    expect([...byKey.values()].sort(byWindowId)).toEqual([...spark].sort(byWindowId))
  })

  it('leave out a recorder that is an hour behind all others, which the stream service counts', async () => {
    const behind = transferStream('behind', 300, NOON + 3600, new Map()).map((record) => ({
      ...record,
      site: 'SITE_Z' as typeof record.site,
      id: `SITE_Z-${record.seq}`,
    }))
    const late = published(
      behind.map((record, i) => ({ ...record, seq: i + 1 })),
      PARTITIONS,
    )
    const before = dtms.events.length
    await publish(late)
    expect(dtms.events.length - before).toBe(late.length)
    const again = await runToEnd()
    expect(sum(again.map((line) => line.late))).toBe(late.length)
    expect((await parquet()).sort(byWindowId)).toEqual([...spark].sort(byWindowId))
  })

  function environment(more: Record<string, string> = {}): Record<string, string> {
    return {
      DTMS_KAFKA_BROKERS: broker.brokers.join(','),
      DTMS_STREAM_WINDOW_SECONDS: String(rules.windowSeconds),
      DTMS_STREAM_WATERMARK_SECONDS: String(rules.watermarkSeconds),
      DTMS_STREAM_LATENESS_SECONDS: String(rules.latenessSeconds),
      DTMS_SPARK_WINDOWS_TOPIC: WINDOWS,
      DTMS_SPARK_OUTPUT: output,
      DTMS_SPARK_CHECKPOINT: join(folder, 'checkpoint'),
      DTMS_SPARK_TRIGGER_SECONDS: '0',
      ...more,
    }
  }

  /** To the topic and, the same records in the same order, to DTMS's own windows. */
  async function publish(records: readonly BusRecord[]): Promise<void> {
    dtms.read(records)
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const messages = records.map(({ key, partition, value, headers, timestampMs }) => ({
      ...{ key, partition, value, headers: Object.fromEntries(headers), timestamp: String(timestampMs) },
    }))
    for (let i = 0; i < messages.length; i += 500) {
      await producer.send({ topic: TOPIC, messages: messages.slice(i, i + 500) })
    }
    await producer.disconnect()
  }

  /** Batches whose files are valid: what the sink's own log names. */
  function committed(): number {
    try {
      return readdirSync(join(output, '_spark_metadata')).filter((name) => /^\d+$/.test(name)).length
    } catch {
      return 0
    }
  }

  async function runToEnd(): Promise<typeof progress> {
    const run = submitJob(environment())
    expect(await run.ended, run.output().slice(0, 20_000)).toBe(0)
    return jsonLines(run, '{"query": ')
  }

  async function parquet(): Promise<SparkWindow[]> {
    const run = submit(fileURLToPath(new URL('read_windows.py', import.meta.url)), {}, [output])
    expect(await run.ended, run.output().slice(0, 20_000)).toBe(0)
    return jsonLines<SparkWindow & { date?: string }>(run, 'window ').map(({ date: _, ...window }) => window)
  }

  async function windowsTopic(wanted: Set<string>): Promise<Map<string, SparkWindow>> {
    const byKey = new Map<string, SparkWindow>()
    const consumer = kafka.consumer({ groupId: 'reader' })
    await consumer.connect()
    await consumer.subscribe({ topic: WINDOWS, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        byKey.set(String(message.key), JSON.parse(String(message.value)))
      },
    })
    await eventually(() => [...wanted].every((id) => byKey.has(id)), 60_000)
    await consumer.disconnect()
    return byKey
  }
})

const good = {
  ...{ schema_version: 1, site: 'SITE_A', seq: 999_999_999, src_site: 'SITE_A', dst_site: 'SITE_B', status: 'OK' },
  ...{ bytes: 1, duration: 1, latency_ms: 1, timestamp: NOON, queued_at: NOON, started_at: NOON },
}

/** What neither may take, and what must end neither. */
const trouble = [
  ...['', '{', '[]', 'null', '{}', '{"__proto__":{"seq":1}}', JSON.stringify({ ...good, x: 'x'.repeat(70_000) })],
  ...[
    { schema_version: 2 },
    { seq: undefined },
    { seq: '5' },
    { seq: 1.5 },
    { seq: -1 },
    { src_site: 'a/../b' },
    { src_site: 'SITE_A\n' },
    { dst_site: '' },
    { status: 'MAYBE' },
    { bytes: 2 ** 53 },
    { bytes: 1e300 },
    { duration: 'NaN' },
    { duration: -1 },
    { duration: 1e300 },
    { latency_ms: null, duration: null },
    { timestamp: 0 },
    { timestamp: 1e300 },
    { timestamp: 4_102_444_800 },
    { queued_at: 'yesterday' },
  ].map((change) => JSON.stringify({ ...good, ...change })),
]

function unusable(): BusRecord[] {
  return trouble.map((text, i) => {
    return {
      key: 'x',
      partition: i % PARTITIONS,
      headers: new Map(),
      timestampMs: Date.now(),
      value: Buffer.from(text),
    }
  })
}

/** Stretches that a producer sends again after a crash. From the back, so that each comes after what it repeats. */
function withRepeats(records: readonly BusRecord[]): BusRecord[] {
  const result = [...records]
  for (const at of [5000, 3000, 1000]) result.splice(at, 0, ...records.slice(at - 300, at))
  return result
}

function merged(parts: readonly WindowPart[]): Map<string, WindowPart[]> {
  const byWindow = new Map<string, WindowPart[]>()
  for (const part of parts) byWindow.set(windowId(part), [...(byWindow.get(windowId(part)) ?? []), part])
  return byWindow
}

function sums(parts: readonly WindowPart[]): Pick<SparkWindow, 'count' | 'failed' | 'failures' | 'bytes'> {
  const failures: Record<string, number> = {}
  for (const part of parts) {
    for (const [name, count] of Object.entries(part.failures)) failures[name] = (failures[name] ?? 0) + count
  }
  return {
    count: sum(parts.map(({ count }) => count)),
    failed: sum(parts.map(({ failed }) => failed)),
    failures,
    bytes: sum(parts.map(({ bytes }) => bytes)),
  }
}

function mergedMeasure(
  parts: readonly WindowPart[],
  name: (typeof measures)[number],
): ReturnType<MeasureState['toMeasure']> {
  const state = new MeasureState()
  for (const part of parts) state.merge(MeasureState.from(part[name]))
  return state.toMeasure()
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function byWindowId(a: SparkWindow, b: SparkWindow): number {
  return a.id < b.id ? -1 : 1
}

function jsonLines<T>(run: SparkRun, start: string): T[] {
  const lines = run
    .output()
    .split('\n')
    .filter((line) => line.startsWith(start))
  return lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))) as T)
}

async function ended(run: SparkRun): Promise<void> {
  const code = await run.ended
  throw new Error(`the job ended early (${code}):\n${run.output().slice(0, 20_000)}`)
}
