import { systemClock } from '../lib/clock.ts'
import { DtmsError } from '../lib/errors.ts'
import { silentLogger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import type { Transfer } from '../lib/record/record.ts'
import type { FaultRequest } from '../lib/streams/control.ts'
import type { Volume } from '../lib/volume/volume.ts'
import { createWorldFile, WORLD_VERSION, type WorldFile } from '../lib/world/world-file.ts'
import { type FitRow, fitReport } from '../simulator/fit.ts'
import { createWorld, type WorldOutput } from '../simulator/world.ts'
import { type LoadedScenario, requireSite } from './scenario-file.ts'
import { openSiteLog, type SiteLog } from './site-log.ts'

/** Monday 2024-01-01 00:00:00 UTC: where a simulation begins when nobody says, so that it never depends on today. */
export const DEFAULT_START = 1_704_067_200

export interface SimulateOptions {
  scenario: LoadedScenario
  seed: number
  /** World seconds. */
  start: number
  durationSeconds: number
  volume: Volume
  /** The folder in words, for messages. */
  outDir: string
  /** Only this site's records are written; the tree is then the same part of the whole one. */
  site?: SiteName
  faults?: readonly FaultRequest[]
  /** 0...1 */
  onProgress?: (done: number) => void
}

export interface SimulateReport {
  sites: SiteName[]
  records: number
  from: number
  to: number
}

/** How well a simulated world meets the measurements that it is fitted to. */
export function simulateFit(
  options: Pick<SimulateOptions, 'scenario' | 'seed' | 'start' | 'durationSeconds' | 'onProgress'>,
): FitRow[] {
  const { scenario, seed, start, durationSeconds, onProgress } = options
  const world = createWorld({ scenario: scenario.scenario, seed, worldStart: start })
  const transfers: Transfer[] = []
  while (world.now < start + durationSeconds && transfers.length < MOST_FITTED) {
    const { records } = world.runUntil(Math.min(start + durationSeconds, world.now + SLICE_SECONDS))
    for (const { transfer } of records) transfers.push(transfer)
    onProgress?.((world.now - start) / durationSeconds)
  }
  return fitReport(transfers).rows
}

/** More transfers than these say nothing new about the fit, and all are held in memory. */
const MOST_FITTED = 500_000

/** World seconds in one step. */
const SLICE_SECONDS = 3600

/**
 * Runs a world without a clock and writes it as exporters would: transfers, truth and events of every site, and
 * `world.json` of a world that has ended. The same arguments give the same bytes, in one process or one for each site.
 */
export async function simulate(options: SimulateOptions): Promise<SimulateReport> {
  const { scenario, seed, start, durationSeconds, volume } = options
  if (options.site !== undefined) requireSite(scenario, options.site)
  const sites = options.site === undefined ? scenario.scenario.sites : [options.site]
  const end = start + durationSeconds
  await requireNewTree(options, sites, {
    v: WORLD_VERSION,
    scenario: scenario.name,
    scenarioSha256: scenario.sha256,
    seed,
    worldStart: start,
    wallStart: start,
    speed: 0,
    backfillUntil: end,
  })

  const world = createWorld({ scenario: scenario.scenario, seed, worldStart: start })
  for (const fault of options.faults ?? []) world.apply(fault)
  const logs = new Map<SiteName, SiteLog>()
  let records = 0
  try {
    for (const site of sites)
      logs.set(site, await openSiteLog({ volume, site, clock: systemClock, logger: silentLogger }))
    while (world.now < end) {
      const output = world.runUntil(Math.min(end, world.now + SLICE_SECONDS))
      records += await writeOutput(output, logs)
      options.onProgress?.((world.now - start) / durationSeconds)
    }
  } finally {
    await Promise.all([...logs.values()].map((log) => log.close()))
  }
  return { sites: [...sites], records, from: start, to: end }
}

async function writeOutput(output: WorldOutput, logs: ReadonlyMap<SiteName, SiteLog>): Promise<number> {
  let records = 0
  for (const [site, log] of logs) {
    const transfers = output.records.filter(({ transfer }) => transfer.site === site).map(({ transfer }) => transfer)
    const events = output.events.filter((event) => event.site === site).map(({ entry }) => entry)
    const truth = output.truth.filter((line) => line.site === site).map(({ entry }) => entry)
    await log.write({ transfers, events, truth })
    records += transfers.length
  }
  return records
}

/** Sites may be added to a tree one by one, by the same arguments; nothing is ever written twice. */
async function requireNewTree(options: SimulateOptions, sites: readonly SiteName[], wanted: WorldFile): Promise<void> {
  const { volume, outDir } = options
  const found = await createWorldFile(volume, wanted)
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new DtmsError('world.mismatch', `${outDir} holds another world`, {
      hint: 'choose a folder that does not exist yet (--out)',
    })
  }
  for (const site of sites) {
    if ((await volume.list(`transfers/${site}`)) === undefined) continue
    throw new DtmsError('usage.invalid', `${outDir} holds transfers of ${site} already`, {
      hint: 'choose a folder that does not exist yet (--out)',
    })
  }
}
