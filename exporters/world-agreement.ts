import { DtmsError } from '../lib/errors.ts'
import type { SiteName } from '../lib/names.ts'
import type { Volume } from '../lib/volume/volume.ts'
import {
  createWorldFile,
  newWorldFile,
  readWorldFile,
  requireSameWorld,
  type WorldFile,
} from '../lib/world/world-file.ts'
import type { ExporterConfig } from './config.ts'
import type { LoadedScenario } from './scenario-file.ts'

/**
 * Creates the world of a data directory, or obeys the one that is there.
 * @throws DtmsError `world.mismatch` for another scenario or seed, `world.invalid` for a log that has no world
 */
export async function agreeOnWorld(
  volume: Volume,
  loaded: LoadedScenario,
  config: Pick<ExporterConfig, 'site' | 'seed' | 'speed' | 'backfillHours' | 'dataDir'>,
  wallNow: number,
): Promise<WorldFile> {
  const identity = { scenario: loaded.name, scenarioSha256: loaded.sha256, seed: config.seed }
  const birth = { wallNow, speed: config.speed, historyHours: config.backfillHours }
  const found = await readWorldFile(volume)
  if (found === undefined) await requireEmptyLog(volume, config.site)
  const world = found ?? (await createWorldFile(volume, newWorldFile(identity, birth)))
  requireSameWorld(world, identity, config.dataDir)
  if (world.speed > 0) return world
  throw new DtmsError('world.invalid', `${config.dataDir} holds a simulated world that has ended`, {
    hint: 'look at it without exporters (dtms up --source none), or start in another data directory (DTMS_DATA_DIR)',
  })
}

/** A log without its world was written by something else: mixing a new world in would help nobody. */
async function requireEmptyLog(volume: Volume, site: SiteName): Promise<void> {
  const names = (await volume.list(`transfers/${site}`)) ?? []
  if (!names.some((name) => name.endsWith('.ndjson'))) return
  throw new DtmsError('world.invalid', `there is a log of ${site} but no world.json beside it`, {
    hint: 'restore world.json, or start with another data directory (DTMS_DATA_DIR)',
  })
}
