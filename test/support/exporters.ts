import { cpSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { createExporter, type ExporterOptions } from '../../exporters/app.ts'
import type { ExporterConfig } from '../../exporters/config.ts'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { type ManualClock, systemClock } from '../../lib/clock.ts'
import type { Codec, LogWriter, TailBatch } from '../../lib/log/log.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { type SiteName, siteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer, TransferRecord } from '../../lib/record/record.ts'
import type { Service } from '../../lib/service.ts'
import { controlCodec } from '../../lib/streams/codecs.ts'
import type { ControlLine, FaultCancel, FaultRequest } from '../../lib/streams/control.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import { systemCalls, type VolumeCalls } from '../../lib/volume/calls.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { readWorldFile } from '../../lib/world/world-file.ts'
import { createWorld } from '../../simulator/world.ts'
import { aFolder, eventually } from './builders.ts'
import { aProcess, type RunningProcess } from './processes.ts'

export const SITE_A = siteName('SITE_A')

export function anExporterConfig(changes: Partial<ExporterConfig> = {}): ExporterConfig {
  return {
    site: SITE_A,
    scenario: 'default',
    seed: 7,
    speed: 1,
    backfillHours: 1,
    source: 'simulator',
    sourceFile: '',
    sourceFormat: 'transfers-csv',
    sourceMapping: '',
    dataDir: './data',
    pollMs: 5,
    retentionHours: 168,
    retentionBytes: 1_073_741_824,
    ...changes,
  }
}

/** A running exporter under a wall clock that the test moves; stopped when the test has ended. */
export async function aRunningExporter(
  volume: Volume,
  wall: ManualClock,
  changes: Partial<ExporterConfig> = {},
  more: Partial<ExporterOptions> = {},
): Promise<Service> {
  const clock = createSharedClock(volume, 'auto', { wall })
  const exporter = createExporter({ config: anExporterConfig(changes), clock, logger: silentLogger, volume, ...more })
  onTestFinished(() => exporter.stop())
  await exporter.start()
  return exporter
}

/** Waits until everything up to the present is written. */
export async function caughtUp(exporter: Service): Promise<void> {
  await eventually(() => {
    const { past, lag } = exporter.checks()
    return past?.ok === true && lag?.ok === true
  })
}

/** Everything that a stream's folder holds now, as a reader sees it. */
export async function readAll<Read>(
  volume: Volume,
  stream: string,
  writer: string,
  codec: Codec<never, Read>,
): Promise<TailBatch<Read>> {
  const tailer = createTailer({ volume, stream, writers: [writer], codec })
  const all: TailBatch<Read> = { entries: [], gaps: [], damaged: [], repeated: 0, caughtUp: false }
  while (!all.caughtUp) {
    const batch = await tailer.poll()
    all.entries.push(...batch.entries)
    all.gaps.push(...batch.gaps)
    all.damaged.push(...batch.damaged)
    all.repeated += batch.repeated
    all.caughtUp = batch.caughtUp
  }
  return all
}

export async function transfersOf(volume: Volume, site: SiteName = SITE_A): Promise<TransferRecord[]> {
  const { entries } = await readAll(volume, 'transfers', site, transferCodec)
  return entries.toSorted((a, b) => a.seq - b.seq).map((entry) => entry.value)
}

/** The newest end of a transfer of a site; 0 when it has none. */
export async function newestEnd(volume: Volume, site: SiteName = SITE_A): Promise<number> {
  return (await transfersOf(volume, site)).reduce((newest, { endedAt }) => Math.max(newest, endedAt), 0)
}

/** A request and the world instant at which it is taken in; -Infinity for one that comes in good time. */
export interface TakenIn {
  at: number
  line: FaultRequest | FaultCancel
}

/** What the world of this volume gives a site when it is run through in one go. */
export async function worldTransfers(
  volume: Volume,
  to: number,
  requests: readonly TakenIn[] = [],
  site: SiteName = SITE_A,
): Promise<{ at: number; transfer: Transfer }[]> {
  const file = await readWorldFile(volume)
  if (file === undefined) throw new Error('no world on this volume')
  const { scenario } = loadScenario(file.scenario)
  const world = createWorld({ scenario, seed: file.seed, worldStart: file.worldStart })
  const records = requests.flatMap(({ at, line }) => {
    const before = world.runUntil(at).records
    world.apply(line)
    return before
  })
  return [...records, ...world.runUntil(to).records].filter((record) => record.transfer.site === site)
}

/** A record as the world made it: without what the log added. */
export function withoutLogFields(record: TransferRecord): Transfer {
  const { v: _v, seq: _seq, id: _id, ...transfer } = record
  return transfer
}

/** An exporter of SITE_A as a process of its own, under the real clock. */
export function anExporterProcess(root: string, env: Record<string, string> = {}): RunningProcess {
  return aProcess('run-exporter.js', { SITE_NAME: SITE_A, DTMS_DATA_DIR: root, LOG_LEVEL: 'warn', ...env })
}

/** The data directory as a kill at this very moment leaves it: no process holds it any more. */
export function aCrashImage(root: string): string {
  const copy = aFolder()
  cpSync(root, copy, { recursive: true, filter: (path) => !path.endsWith('/lease.json') })
  return copy
}

/** Writes requests as the API does; `effectiveAt` is world time. */
export async function aControlWriter(volume: Volume): Promise<LogWriter<Entry<ControlLine>>> {
  const options = { volume, stream: 'control', writer: 'api', codec: controlCodec, clock: systemClock }
  const writer = await openLogWriter({ ...options, logger: silentLogger })
  onTestFinished(() => writer.close())
  return writer
}

/** A brownout of the link SITE_A to SITE_B for 20 minutes. */
export function aBrownout(effectiveAt: number, changes: Partial<Entry<FaultRequest>> = {}): Entry<FaultRequest> {
  return {
    type: 'fault',
    at: effectiveAt,
    kind: 'link-brownout',
    scope: { source: SITE_A, destination: siteName('SITE_B') },
    severity: 0.8,
    durationSeconds: 1200,
    effectiveAt,
    hidden: false,
    ...changes,
  }
}

/** A disk on which every write fails while it is full. */
export function aDiskThatFills(): { calls: VolumeCalls; full: boolean; refused: number } {
  const disk = {
    full: false,
    refused: 0,
    calls: {
      ...systemCalls,
      write(fd: number, bytes: Uint8Array): number {
        if (!disk.full) return systemCalls.write(fd, bytes)
        disk.refused += 1
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      },
    },
  }
  return disk
}
