import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { systemCode } from '../errors.ts'

/**
 * Makes the data directory and the folders above it. Node's own recursive mkdir never returns below a file system that
 * refuses new folders with ENOENT (/proc), so this one climbs to the first folder that is there and makes the rest.
 * @throws the system error of the folder that cannot be made
 */
export function makeRoot(path: string): void {
  const folder = resolve(path)
  const missing: string[] = []
  let above = folder
  while (!isThere(above)) {
    missing.push(above)
    above = dirname(above)
  }
  for (const next of missing.reverse()) {
    try {
      mkdirSync(next)
    } catch (error) {
      // Another process may have made it at the same time.
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error(`${folder} is not a folder`), { code: 'ENOTDIR' })
}

function isThere(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
