import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cachedPart, fillPart, hasCommand } from './part-cache.ts'

const PART = 'image-base-bookworm-1'

/** Where the root file system lies that stands for the base image, which no test can pull; undefined while it is not there. */
export function imageBase(): string | undefined {
  const folder = cachedPart(PART)
  return folder === undefined ? undefined : join(folder, 'root.tar')
}

/** Folder of npm beside the Node that runs the tests. */
export function npmFolder(): string | undefined {
  const places = ['../lib/node_modules/npm', '../../lib/node_modules/npm', '../share/nodejs/npm']
  return places.map((place) => join(process.execPath, '..', place)).find((folder) => existsSync(folder))
}

export function noImageParts(): string | undefined {
  if (process.getuid?.() !== 0) return 'no image here: building one without a daemon and as another user needs root'
  if (!hasCommand('buildah', '--version')) return 'no image here: install buildah'
  if (imageBase() === undefined) return 'no image here: install mmdebstrap; it fetches a base once over the network'
  return npmFolder() === undefined ? 'no image here: no npm beside this Node' : undefined
}

/** Makes the root file system (180 MB, 20 s) when it is not there. */
export function fetchImageParts(): void {
  if (process.getuid?.() !== 0 || !hasCommand('mmdebstrap', '--version')) return
  fillPart(PART, (work) => {
    const packages = '--include=ca-certificates,libstdc++6'
    execFileSync('mmdebstrap', ['--variant=minbase', '--quiet', packages, 'bookworm', join(work, 'root.tar')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  })
}

/** Lays Node, npm and the certificates that this machine trusts into a folder, as they go into the base image. */
export function layNode(folder: string): void {
  mkdirSync(join(folder, 'usr/bin'), { recursive: true })
  cpSync(process.execPath, join(folder, 'usr/bin/node'))
  cpSync(npmFolder() ?? '', join(folder, 'usr/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/bin/npm'))
  const extra = process.env.NODE_EXTRA_CA_CERTS
  if (extra === undefined) return
  mkdirSync(join(folder, 'etc'), { recursive: true })
  cpSync(extra, join(folder, 'etc/extra-ca.pem'))
}
