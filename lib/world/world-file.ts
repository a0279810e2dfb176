import { z } from 'zod'
import { DtmsError } from '../errors.ts'
import { instantSchema } from '../streams/envelope.ts'
import type { Volume } from '../volume/volume.ts'

/** Where the one world of a data directory is agreed upon. */
export const WORLD_PATH = 'world.json'

/** Major version of the file; unknown fields belong to a newer minor one and are kept. */
export const WORLD_VERSION = 1

/**
 * What all processes on one volume must see alike. The first exporter creates it exclusively, nobody ever changes it:
 * later speeds are lines in `control/`.
 *
 * World time = worldStart + (wall - wallStart) * speed. At creation it equals wall time: the world begins
 * `worldStart` = creation - history, so `wallStart` = creation - history / speed.
 */
export const worldFileSchema = z.looseObject({
  v: z.number().int().positive(),
  scenario: z.string().min(1).max(256),
  scenarioSha256: z.string().regex(/^[0-9a-f]{64}$/),
  seed: z.number().int().nonnegative(),
  /** World instant at which the history begins. */
  worldStart: instantSchema,
  wallStart: z.number(),
  /** World seconds per wall second; 0 for a tree that `dtms simulate` wrote, whose present is its end. */
  speed: z.number().min(0).max(10_000),
  /** World instant at which the world was created: the healthy past ends here. */
  backfillUntil: instantSchema,
})
export type WorldFile = z.infer<typeof worldFileSchema>

/** The world that somebody wants to run, as far as it must agree with the file. */
export type WorldIdentity = Pick<WorldFile, 'scenario' | 'scenarioSha256' | 'seed'>

/** How long a file that is not whole yet may still be in the making, milliseconds. */
const CREATION_GRACE_MS = 2000

/**
 * @returns undefined when nobody has created a world yet
 * @throws DtmsError `world.invalid` when the file is there and cannot be understood
 */
export async function readWorldFile(volume: Volume, graceMs = CREATION_GRACE_MS): Promise<WorldFile | undefined> {
  const deadline = performance.now() + graceMs
  for (;;) {
    const bytes = await volume.read(WORLD_PATH, 0, 65_536)
    if (bytes === undefined) return undefined
    if (bytes.at(-1) === 0x0a) return parseWorldFile(bytes.toString('utf8'))
    if (performance.now() >= deadline) throw invalid('it is cut short')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/**
 * Creates the world, or reads the one that is there: of several processes that try at once exactly one wins and all
 * return its file.
 */
export async function createWorldFile(volume: Volume, wanted: WorldFile): Promise<WorldFile> {
  const created = await volume.createExclusive(WORLD_PATH, Buffer.from(`${JSON.stringify(wanted)}\n`))
  if (created) return wanted
  const found = await readWorldFile(volume)
  if (found === undefined) throw invalid('it appeared and vanished again')
  return found
}

/** The file of a world that is born now, with `historyHours` of past to be written first. */
export function newWorldFile(
  identity: WorldIdentity,
  birth: { wallNow: number; speed: number; historyHours: number },
): WorldFile {
  const history = birth.historyHours * 3600
  const created = toMilliseconds(birth.wallNow)
  return {
    v: WORLD_VERSION,
    scenario: identity.scenario,
    scenarioSha256: identity.scenarioSha256,
    seed: identity.seed,
    worldStart: toMilliseconds(created - history),
    wallStart: created - history / birth.speed,
    speed: birth.speed,
    backfillUntil: created,
  }
}

/**
 * All processes obey the world that is there.
 * @throws DtmsError `world.mismatch` whose hint names the data directory to use instead
 */
export function requireSameWorld(found: WorldFile, wanted: WorldIdentity, dataDir: string): void {
  const differences: string[] = []
  if (found.scenario !== wanted.scenario) differences.push(`scenario ${found.scenario}, not ${wanted.scenario}`)
  else if (found.scenarioSha256 !== wanted.scenarioSha256)
    differences.push(`another version of scenario ${found.scenario}`)
  if (found.seed !== wanted.seed) differences.push(`seed ${found.seed}, not ${wanted.seed}`)
  if (differences.length === 0) return
  const other = `${dataDir.replace(/\/+$/, '')}-${fileWord(wanted.scenario)}-${wanted.seed}`
  throw new DtmsError('world.mismatch', `the data directory ${dataDir} belongs to ${differences.join(' and ')}`, {
    hint: `start with DTMS_DATA_DIR=${other} to keep both worlds, or with DTMS_SCENARIO=${found.scenario} DTMS_SEED=${found.seed} to go on with this one`,
  })
}

export function parseWorldFile(text: string): WorldFile {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    throw invalid('it is not JSON', error)
  }
  const version = z.looseObject({ v: z.number() }).safeParse(data)
  if (version.success && version.data.v > WORLD_VERSION)
    throw invalid(`it has version ${version.data.v}, this release reads up to ${WORLD_VERSION}`)
  const parsed = worldFileSchema.safeParse(data)
  if (parsed.success) return parsed.data
  throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
}

function invalid(what: string, cause?: unknown): DtmsError {
  return new DtmsError('world.invalid', `${WORLD_PATH} cannot be used: ${what}`, {
    hint: 'restore the file from a copy, or start with an empty data directory (DTMS_DATA_DIR)',
    ...(cause === undefined ? {} : { cause }),
  })
}

function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

/** A scenario may be named by its path: what is left of it in a folder name. */
function fileWord(scenario: string): string {
  const base = scenario.split('/').at(-1) ?? scenario
  return base.replace(/\.ya?ml$/, '').replaceAll(/[^A-Za-z0-9_-]/g, '-')
}
