import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DtmsError, describeSystemError, systemCode } from '../lib/errors.ts'
import { makeRoot } from '../lib/volume/make-root.ts'

export interface ApiKey {
  key: string
  /** Where it came from, for the banner: a setting, or the file that holds it. */
  from: string
}

/**
 * The key for state changes: what the operator set, else one that is generated once into `<data>/api-key` (mode 600)
 * and read from there ever after.
 * @throws DtmsError `volume.unavailable` when the file can be neither read nor written
 */
export function ensureApiKey(configured: string | undefined, dataDir: string): ApiKey {
  if (configured !== undefined) return { key: configured, from: 'DTMS_API_KEY' }
  const path = join(dataDir, 'api-key')
  try {
    makeRoot(dataDir)
    // Exclusive: of two first starts one writes, the other reads what it wrote.
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unusable(dataDir, error)
  }
  try {
    const key = readFileSync(path, 'utf8').trim()
    if (key.length < 16) {
      throw new DtmsError('config.invalid', `the key in ${path} is shorter than 16 characters`, {
        hint: 'delete that file to have a new key made, or set DTMS_API_KEY',
      })
    }
    chmodSync(path, 0o600)
    return { key, from: path }
  } catch (error) {
    if (error instanceof DtmsError) throw error
    throw unusable(dataDir, error)
  }
}

function unusable(dataDir: string, error: unknown): DtmsError {
  return new DtmsError(
    'volume.unavailable',
    `the data directory ${dataDir} cannot be used (${describeSystemError(error)})`,
    {
      hint: 'make it writable for this user, free some space, or name another one with DTMS_DATA_DIR or --data; in a cluster: mount claim dtms-data there',
      cause: error,
    },
  )
}
