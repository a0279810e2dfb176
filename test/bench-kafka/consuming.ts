import { systemClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import { silentLogger } from '../../lib/logger.ts'
import { openVolume } from '../../lib/volume/open.ts'
import { createStream } from '../../streaming/app.ts'
import type { BusMessage } from '../../streaming/bus.ts'
import { streamConfig } from '../../streaming/config.ts'
import { FlowCounts } from '../../streaming/flow.ts'
import { createKafkaBus } from '../../streaming/kafka-bus.ts'
import { parseMessage } from '../../streaming/message.ts'
import { Repeats } from '../../streaming/repeats.ts'
import { noRoutes } from '../../streaming/routing.ts'
import { TransferFlow } from '../../streaming/transfer-flow.ts'
import { TransferValues } from '../../streaming/transfer-values.ts'
import { WindowState } from '../../streaming/windows.ts'
import { type BenchRow, median } from '../bench/harness.ts'
import { inFolder } from '../bench/support-transfers.ts'
import { type Broker, startBroker } from '../support/kafka-broker.ts'
import { aClient, batchesOf, DENSE, fillTopic, SPARSE } from './support-topic.ts'

const RECORDS = 300_000
const ROUNDS = 3
const zscore = { window: 1000, threshold: 3, refractory: 100 }
const rules = { windowSeconds: 60, watermarkSeconds: 10, latenessSeconds: 50 }

/** The whole consumer against a bare kafkajs `eachBatch` with `JSON.parse`, in turn on the same topic; and where the rest goes. */
export async function run(): Promise<BenchRow[]> {
  const broker = await startBroker()
  try {
    return [
      ...(await against(broker, 'dense', DENSE, 0.5)),
      ...(await against(broker, 'sparse', SPARSE)),
      ...eachEvent(),
    ]
  } finally {
    await broker.stop()
  }
}

async function against(broker: Broker, topic: string, perSecond: number, bar?: number): Promise<BenchRow[]> {
  await fillTopic(broker.brokers, topic, RECORDS, perSecond)
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const own = await rateOfStream(broker, topic, round)
    const bare = await rateOfBare(broker, topic, round)
    // The first pair warms up.
    if (round === 0) continue
    ours.push(own)
    theirs.push(bare)
  }
  const ratio = median(ours.map((own, i) => own / (theirs[i] ?? Number.NaN)))
  const what = `event time at ${perSecond} records a second`
  return [
    { name: `whole consumer, ${what}`, value: Math.round(median(ours)), unit: 'records/s' },
    { name: 'bare kafkajs eachBatch with JSON.parse', value: Math.round(median(theirs)), unit: 'records/s' },
    {
      ...{ name: `whole consumer against bare, ${topic}`, value: Number(ratio.toFixed(2)), unit: 'x' },
      ...(bar === undefined ? {} : { bar: `>= ${bar}`, ok: ratio >= bar }),
    },
  ]
}

async function rateOfBare(broker: Broker, topic: string, round: number): Promise<number> {
  const consumer = aClient(broker.brokers).consumer({ groupId: `bare-${topic}-${round}` })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  let seen = 0
  let bytes = 0
  let firstAt = 0
  let done: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    done = resolve
  })
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 3,
    eachBatch: async ({ batch }) => {
      firstAt ||= performance.now()
      for (const { value } of batch.messages) {
        if (value !== null) bytes += (JSON.parse(value.toString('utf8')) as { bytes: number }).bytes
      }
      seen += batch.messages.length
      if (seen >= RECORDS) done()
    },
  })
  await finished
  const rate = RECORDS / ((performance.now() - firstAt) / 1000)
  await consumer.disconnect()
  if (bytes === 0) throw new Error('nothing was read')
  return rate
}

function rateOfStream(broker: Broker, topic: string, round: number): Promise<number> {
  return inFolder(async (folder) => {
    const config = loadConfig(streamConfig, {
      ...{ DTMS_DATA_DIR: folder, DTMS_KAFKA_BROKERS: broker.brokers.join(','), KAFKA_GROUP: `ours-${topic}-${round}` },
      ...{ DTMS_KAFKA_TRANSFERS_TOPIC: topic, KAFKA_TOPIC: 'none' },
    })
    const volume = openVolume({ root: folder })
    const bus = createKafkaBus({ ...config, clientId: 'bench' }, silentLogger)
    const stream = createStream({ config, volume, bus, clock: systemClock, logger: silentLogger })
    await stream.start()
    const metric = stream.registry.getSingleMetric('dtms_stream_internal_latency_seconds')
    const handled = async (): Promise<number> => (await metric?.get())?.values.at(-1)?.value ?? 0
    const reaches = async (count: number): Promise<{ at: number; done: number }> => {
      for (;;) {
        const done = await handled()
        if (done >= count) return { at: performance.now(), done }
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    const first = await reaches(1)
    const last = await reaches(RECORDS)
    await stream.stop()
    await bus.close()
    await volume.close()
    return (last.done - first.done) / ((last.at - first.at) / 1000)
  })
}

/** What one event costs, and of what it consists. */
function eachEvent(): BenchRow[] {
  const messages = [...batchesOf(100_000)].flat().map(
    ({ key, value, headers }, offset): BusMessage => ({
      ...{ offset, key, value, timestampMs: 0 },
      headers: new Map(Object.entries(headers)),
    }),
  )
  const at = { topic: 'events', partition: 0 }
  const aFlow = () => TransferFlow.restore({ at, rules, zscore, counts: new FlowCounts(), routes: noRoutes }, undefined)
  const warm = aFlow()
  for (const message of messages) warm.take(message)
  const flow = aFlow()
  const times = new Float64Array(messages.length)
  let before = performance.now()
  messages.forEach((message, i) => {
    flow.take(message)
    const now = performance.now()
    times[i] = now - before
    before = now
  })
  times.sort()
  const p99 = 1000 * (times[Math.floor(0.99 * times.length)] ?? Number.NaN)
  const events = messages.flatMap((message) => {
    const parsed = parseMessage(message)
    return parsed.ok ? [parsed.event] : []
  })
  const windows = new WindowState(rules, 0)
  const values = TransferValues.restore(zscore, undefined)
  const repeats = new Repeats()
  const each = (work: () => void): number => {
    const began = performance.now()
    work()
    return (1000 * (performance.now() - began)) / messages.length
  }
  return [
    { name: 'window and z-score work of an event, P99', value: p99, unit: 'us', bar: '<= 50', ok: p99 <= 50 },
    {
      name: 'mean: JSON.parse alone',
      value: each(() => messages.forEach(({ value }) => void JSON.parse(String(value)))),
      unit: 'us',
    },
    {
      name: 'mean: parse and check',
      value: each(() => messages.forEach((message) => void parseMessage(message))),
      unit: 'us',
    },
    {
      name: 'mean: repeats',
      value: each(() => events.forEach(({ site, seq }) => void repeats.isNew(site, seq))),
      unit: 'us',
    },
    { name: 'mean: windows', value: each(() => events.forEach((event) => void windows.add(event))), unit: 'us' },
    { name: 'mean: z-score', value: each(() => events.forEach((event) => void values.observe(event))), unit: 'us' },
  ]
}
