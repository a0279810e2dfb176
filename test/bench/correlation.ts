import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { analyse, scopesOf } from '../../correlation/analysis.ts'
import { createCorrelation } from '../../correlation/app.ts'
import { correlationConfig } from '../../correlation/config.ts'
import { MinuteStore } from '../../correlation/minutes.ts'
import { ManualClock, systemClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { type BenchRow, median, timed } from './harness.ts'

const START = 1_696_161_600
const ROUNDS = 5
const SITES = ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)

/** The batch job: what a week costs to sum up and to correlate, and what reading only the new part saves. */
export async function run(): Promise<BenchRow[]> {
  return [...(await inMemory()), ...(await onVolume())]
}

/** As many transfers as the default world makes: six links at 4.6 a minute. */
function* traffic(from: number, hours: number): Generator<Transfer> {
  const random = createRandom(3, 'bench', String(from))
  for (let at = from; at < from + hours * 3600; at += random.exponential(60 / 27.6)) {
    const source = random.pick(SITES)
    const destination = random.pick(SITES.filter((site) => site !== source))
    const durationSeconds = 1 + random.exponential(30)
    const bytes = Math.floor(random.exponential(2e9))
    yield {
      site: source,
      source,
      destination,
      protocol: 'davs',
      activity: 'raw',
      queuedAt: at - durationSeconds,
      startedAt: at - durationSeconds,
      endedAt: at,
      sizeBytes: bytes,
      bytesTransferred: bytes,
      durationSeconds,
      firstByteSeconds: 0.3,
      status: 'ok',
      attempt: 1,
      streams: 4,
      checksum: 'ok',
      origin: { kind: 'bench' },
    }
  }
}

async function inMemory(): Promise<BenchRow[]> {
  const week = [...traffic(START, 168)]
  const random = createRandom(4, 'anomalies')
  const sums: number[] = []
  const whole: number[] = []
  const longest: number[] = []
  let bytes = 0
  for (let round = 0; round <= ROUNDS; round += 1) {
    const store = new MinuteStore(168)
    const summed = await timed(() => {
      for (const transfer of week) {
        store.addTransfer(transfer)
        if (random.chance(0.01)) store.addAnomaly({ ...transfer, at: transfer.endedAt })
      }
    })
    const stalls: number[] = []
    const correlated = await timed(async () => {
      for (const scope of scopesOf(store.list())) stalls.push(await timed(() => analyse(scope)))
    })
    bytes = JSON.stringify(store.save()).length
    if (round === 0) continue
    sums.push((summed * 1000) / week.length)
    whole.push(correlated)
    longest.push(Math.max(...stalls))
  }
  return [
    { name: 'summing up a transfer', value: median(sums), unit: 'us' },
    { name: 'correlating a week of 6 links, 3 sites and all', value: median(whole), unit: 'ms' },
    { name: 'longest stall of the event loop in it', value: median(longest), unit: 'ms' },
    { name: 'saved sums of that week', value: bytes / 1024, unit: 'KiB' },
  ]
}

async function onVolume(): Promise<BenchRow[]> {
  const root = mkdtempSync(join(tmpdir(), 'dtms-bench-'))
  const volume = createInlineVolume({ root })
  try {
    await append(volume, traffic(START, 24))
    const first = await timed(() => aRun(volume, START + 86_400))
    const later: number[] = []
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      const from = START + 86_400 + turn * 600
      await append(volume, traffic(from, 1 / 6))
      later.push(await timed(() => aRun(volume, from + 600)))
    }
    const next = median(later)
    return [
      { name: 'first run over a day of the default world', value: first, unit: 'ms' },
      { name: 'run ten minutes later, in a new process', value: next, unit: 'ms' },
      { name: 'first run / later run', value: first / next, unit: 'x' },
    ]
  } finally {
    await volume.close()
    rmSync(root, { recursive: true, force: true })
  }
}

async function aRun(volume: Volume, now: number): Promise<void> {
  const correlation = createCorrelation({
    config: loadConfig(correlationConfig, {}),
    clock: new ManualClock(now),
    logger: silentLogger,
    volume,
  })
  await correlation.runOnce()
  await correlation.stop()
}

async function append(volume: Volume, transfers: Iterable<Transfer>): Promise<void> {
  const all = [...transfers]
  for (const site of SITES) {
    const writer = await openLogWriter({
      volume,
      stream: 'transfers',
      writer: site,
      codec: transferCodec,
      clock: systemClock,
      logger: silentLogger,
    })
    await writer.appendAll(all.filter((transfer) => transfer.site === site))
    await writer.close()
  }
}
