import { describe, expect, it } from 'vitest'
import { createTailer } from '../../lib/log/tailer.ts'
import { createRandom } from '../../lib/random.ts'
import { windowsCodec } from '../../lib/streams/codecs.ts'
import type { WindowLine } from '../../lib/streams/windows.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { differences, fromOf, siteOf, windowsOfLines, windowsOfRecords } from '../support/expected-windows.ts'
import { aGrowingLog } from '../support/growing-log.ts'
import { aBroker } from '../support/kafka.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { readAll } from '../support/log.ts'
import { aService } from '../support/stream-processes.ts'

const KILLS = Number(process.env.DTMS_TEST_KILLS ?? 100)
const SEED = Number(process.env.DTMS_TEST_SEED ?? Date.now() % 1_000_000)
/** World seconds that pass between two kills: several windows close. */
const WORLD_STEP = 240
const RECORDS_A_STEP = 150
/** One kill in so many is the broker's. */
const BROKER_EVERY = 20

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe.skipIf(noKafka() !== undefined)('processes that are killed at random', () => {
  it(`leave every window exact over ${KILLS} kills of consumers, producer and broker (seed ${SEED})`, async () => {
    const random = createRandom(SEED, 'kills')
    const broker = await aBroker()
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const log = await aGrowingLog(volume, random)
    const env = {
      ...{ DTMS_DATA_DIR: root, DTMS_KAFKA_BROKERS: broker.brokers.join(','), KAFKA_TOPIC: 'none', LOG_LEVEL: 'info' },
      ...{ DTMS_KAFKA_SESSION_TIMEOUT_MS: '1000', DTMS_KAFKA_HEARTBEAT_MS: '250', DTMS_LOG_POLL_MS: '50' },
      ...{ DTMS_STREAM_CHECKPOINT_SECONDS: '0.3', DTMS_PRODUCER_CHECKPOINT_SECONDS: '0.3' },
    }
    const producer = aService('producer', env)
    const consumers = [aService('stream', env), aService('stream', env)]
    const tailer = createTailer({ volume, stream: 'windows', codec: windowsCodec })
    const lines: WindowLine[] = []
    const look = async (mustBeClosed: (key: string) => boolean): Promise<string[]> => {
      lines.push(...(await readAll(tailer)).entries.map(({ value }) => value))
      return differences(windowsOfRecords(log.records), windowsOfLines(lines), mustBeClosed)
    }

    const killed = { consumer: 0, producer: 0, broker: 0 }
    const began = performance.now()
    for (let kill = 0; kill < KILLS; kill += 1) {
      await log.grow(RECORDS_A_STEP, WORLD_STEP / RECORDS_A_STEP)
      await pause(random.uniform(200, 3000))
      const dice = random.uniform(0, 1)
      if (kill % BROKER_EVERY === BROKER_EVERY >> 1) {
        killed.broker += 1
        await broker.kill9()
        await pause(random.uniform(0, 500))
        await broker.restart()
      } else if (dice < 0.6) {
        killed.consumer += 1
        const consumer = random.pick(consumers)
        await consumer.kill9()
        consumer.start()
      } else {
        killed.producer += 1
        await producer.kill9()
        producer.start()
      }
      expect(await look(() => false)).toEqual([])
    }
    const seconds = Math.round((performance.now() - began) / 1000)

    const end = (log.records.at(-1)?.endedAt ?? 0) - 200
    const isOver = (key: string): boolean => fromOf(key) + 60 <= end && siteOf(key) !== ''
    await log.grow(300, 1)
    try {
      await eventually(async () => (await look(isOver)).length === 0, 90_000)
    } catch (error) {
      const said = [producer, ...consumers].map((service) => service.output().slice(-3000)).join('\n---\n')
      throw new Error(`windows are missing or wrong:\n${(await look(isOver)).slice(0, 5).join('\n')}\n${said}`, {
        cause: error,
      })
    } finally {
      process.stdout.write(
        `${KILLS} kills in ${seconds} s, seed ${SEED}: ${killed.consumer} of a consumer, ${killed.producer} of the producer, ` +
          `${killed.broker} of the broker; ${log.records.length} records, ${lines.length} lines of windows\n`,
      )
    }
    expect(await look(isOver)).toEqual([])
    expect([...producer.crashes, ...consumers.flatMap(({ crashes }) => crashes)]).toEqual([])
    if (KILLS >= 100) expect(killed.consumer).toBeGreaterThanOrEqual(30)
    for (const service of [producer, ...consumers]) {
      await eventually(() => service.url())
      expect(await service.stop()).toBe(0)
    }
  }, 900_000)
})
