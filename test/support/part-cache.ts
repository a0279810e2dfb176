import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './kafka-parts.ts'

/** Folder of a part in the cache; undefined while it is not there. */
export function cachedPart(name: string): string | undefined {
  const folder = join(cacheFolder(), name)
  return existsSync(folder) ? folder : undefined
}

/**
 * Fills the cache folder of a part once; safe in several processes at once, since a folder appears whole or not at all.
 * A failure is said, not thrown: whether the part is there is asked again by the suite that needs it.
 */
export function fillPart(name: string, fill: (work: string) => void): void {
  if (cachedPart(name) !== undefined) return
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), 'fetching-'))
  const from = Date.now()
  try {
    process.stdout.write(`fetching ${name} for the tests\n`)
    fill(work)
    renameSync(work, join(cacheFolder(), name))
    process.stdout.write(`${name} is there after ${Math.round((Date.now() - from) / 1000)} s\n`)
  } catch (error) {
    if (cachedPart(name) !== undefined) return
    process.stdout.write(`${name} was not fetched: ${error instanceof Error ? error.message : String(error)}\n`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Whether a command can be started here. */
export function hasCommand(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Says why a suite skips; throws instead where every part has to be there (DTMS_REQUIRE_PARTS=1). */
export function sayMissing(reason: string | undefined, what: string): void {
  if (reason === undefined) return
  if (process.env.DTMS_REQUIRE_PARTS === '1') throw new Error(reason)
  process.stdout.write(`skipping ${what}: ${reason}\n`)
}
