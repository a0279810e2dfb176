import { onTestFinished } from 'vitest'
import { type Api, createApi } from '../../api/app.ts'
import { apiConfig } from '../../api/config.ts'
import { loadConfig } from '../../lib/config.ts'
import type { Codec, LogWriter } from '../../lib/log/log.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { MetricsRegistry } from '../../lib/metrics.ts'
import { siteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import type { Service } from '../../lib/service.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'
import { anomaliesCodec } from '../../lib/streams/codecs.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { SharedClock } from '../../lib/world/shared-clock.ts'
import type { WorldFile } from '../../lib/world/world-file.ts'
import { aClock, aFolder, aTransfer, eventually, NOON } from './builders.ts'
import { type Answer, type Ask, ask, TEST_KEY } from './http.ts'

export interface TestClock extends SharedClock {
  advance(seconds: number): void
  speed: number
  world: WorldFile | undefined
}

/** World time that stands at NOON until it is told otherwise, of a world that was born at NOON. */
export function aSharedClock(changes: Partial<TestClock> = {}): TestClock {
  const clock = aClock()
  return {
    mode: 'auto',
    speed: 1,
    world: {
      v: 1,
      scenario: 'default',
      scenarioSha256: 'a'.repeat(64),
      seed: 7,
      worldStart: NOON - 86_400,
      wallStart: NOON - 86_400,
      speed: 1,
      backfillUntil: NOON,
    },
    now: () => clock.now(),
    monotonic: () => performance.now(),
    refresh: async () => {},
    start: async () => {},
    stop: async () => {},
    advance: (seconds) => clock.advance(seconds),
    ...changes,
  }
}

export interface TestApi {
  api: Api
  url: string
  volume: Volume
  clock: TestClock
  get(path: string, options?: Ask): Promise<Answer>
  /** With the key. */
  change(method: string, path: string, body?: unknown): Promise<Answer>
}

export interface TestApiOptions {
  env?: Record<string, string>
  volume?: Volume
  clock?: TestClock
  logger?: Logger
  services?: readonly Service[]
  registries?: readonly MetricsRegistry[]
  othersStarted?: () => boolean
  /** Do not wait until the API is ready. */
  wait?: boolean
}

/** An API on a free port over a volume of its own, stopped when the test ends. */
export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const volume = options.volume ?? createInlineVolume({ root: aFolder() })
  const clock = options.clock ?? aSharedClock()
  const env = {
    DTMS_PORT: '0',
    DTMS_API_KEY: TEST_KEY,
    DTMS_LOG_POLL_MS: '5',
    DTMS_API_RATE_LIMIT: '0',
    ...options.env,
  }
  const config = loadConfig(apiConfig, env)
  const { services = [], registries = [], othersStarted = () => true, logger = silentLogger } = options
  const api = createApi({ config, clock, volume, services, registries, othersStarted, logger })
  onTestFinished(() => api.stop())
  await api.start()
  if (options.wait !== false) await eventually(() => Object.values(api.checks()).every(({ ok }) => ok))
  const headers = { authorization: `Bearer ${TEST_KEY}` }
  return {
    api,
    url: api.url,
    volume,
    clock,
    get: (path, asked) => ask(api.url + path, asked),
    change: (method, path, body) => ask(api.url + path, { method, headers, ...(body === undefined ? {} : { body }) }),
  }
}

/** A writer of a stream, closed when the test ends. */
export async function aWriter<T>(
  volume: Volume,
  stream: string,
  writer: string,
  codec: Codec<T, unknown>,
): Promise<LogWriter<T>> {
  const opened = await openLogWriter({ volume, stream, writer, codec, clock: aClock(), logger: silentLogger })
  onTestFinished(() => opened.close())
  return opened
}

/** Writes transfers into the logs of their sites and closes them. */
export async function writeTransfers(volume: Volume, transfers: readonly Transfer[]): Promise<void> {
  for (const site of new Set(transfers.map((transfer) => transfer.site))) {
    const writer = await openLogWriter({
      volume,
      stream: 'transfers',
      writer: site,
      codec: transferCodec,
      clock: aClock(),
      logger: silentLogger,
    })
    await writer.appendAll(transfers.filter((transfer) => transfer.site === site))
    await writer.close()
  }
}

export async function writeAnomalies(volume: Volume, entries: readonly Entry<AnomalyLine>[]): Promise<void> {
  const options = { volume, stream: 'anomalies', writer: 'forest', codec: anomaliesCodec, clock: aClock() }
  const writer = await openLogWriter({ ...options, logger: silentLogger })
  await writer.appendAll(entries)
  await writer.close()
}

/** A verdict about a transfer from SITE_A to SITE_B that ended at NOON. */
export function anAnomaly(changes: Partial<Entry<AnomalyLine>> = {}): Entry<AnomalyLine> {
  const transferId = changes.transferId ?? 'SITE_A-1'
  return {
    at: NOON,
    type: 'anomaly',
    id: `forest-${transferId}`,
    detector: 'forest',
    level: 'transfer',
    transferId,
    site: siteName('SITE_A'),
    source: siteName('SITE_A'),
    destination: siteName('SITE_B'),
    score: 0.75,
    threshold: 0.62,
    confidence: 0.999,
    severity: 'major',
    why: 'rate 3.1 MB/s, usually 19-24, z -6.2: 71 % of the score',
    reasons: [
      {
        feature: 'rate',
        value: 3.1,
        unit: 'MB/s',
        usualLow: 19,
        usualHigh: 24,
        direction: 'low',
        z: -6.2,
        share: 0.71,
      },
    ],
    sizeBytes: 1_000_000_000,
    bytesTransferred: 1_000_000_000,
    durationSeconds: 10,
    status: 'ok',
    ...changes,
  }
}

/** One transfer a minute on each link of three sites, the last one ending at `until`. */
export function aHistory(minutes: number, until = NOON): Transfer[] {
  const names = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)
  const transfers: Transfer[] = []
  for (let minute = minutes - 1; minute >= 0; minute -= 1) {
    for (const [i, source] of names.entries()) {
      for (const destination of names) {
        if (destination === source) continue
        transfers.push(aTransfer({ site: source, source, destination, endedAt: until - minute * 60 - i }))
      }
    }
  }
  return transfers
}
