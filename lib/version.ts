import { existsSync, readFileSync } from 'node:fs'

/** The package's version; the manifest lies one folder up from the sources and two up from the compiled files. */
export const version: string = readVersion()

function readVersion(): string {
  for (const up of ['../package.json', '../../package.json']) {
    const url = new URL(up, import.meta.url)
    if (!existsSync(url)) continue
    const manifest: { name?: string; version?: string } = JSON.parse(readFileSync(url, 'utf8'))
    if (manifest.name === 'dtms' && manifest.version !== undefined) return manifest.version
  }
  return 'unknown'
}
