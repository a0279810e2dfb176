import { DtmsError } from '../errors.ts'

/**
 * The parts of a path on the volume, checked: relative, `/` between the parts, nothing that leads out of the root, no
 * hidden names (those are the volume's own temporary files).
 * @throws DtmsError `volume.path`
 */
export function partsOf(path: string): string[] {
  const parts = path.split('/')
  if (path.length > 1024 || parts.some((part) => !isGoodName(part))) {
    throw new DtmsError('volume.path', `not a path on the volume: ${JSON.stringify(path.slice(0, 128))}`, {
      hint: 'paths are relative to the data directory and never contain .., \\ or hidden names',
    })
  }
  return parts
}

function isGoodName(part: string): boolean {
  return part !== '' && part.length <= 255 && !part.startsWith('.') && !part.includes('\0') && !part.includes('\\')
}
