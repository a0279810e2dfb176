/** Names on the volume (docs/log-store.md, "Folders"). Six digits each, so that names sort in the order of writing. */
const SEGMENT = /^(\d{6})-(\d{6})\.ndjson$/
const WRITER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

export const INDEX_FILE = 'index.ndjson'
export const LEASE_FILE = 'lease.json'

export function segmentName(epoch: number, number: number): string {
  return `${String(epoch).padStart(6, '0')}-${String(number).padStart(6, '0')}.ndjson`
}

/** Undefined for every name that is not a segment's. */
export function epochOf(name: string): number | undefined {
  const match = SEGMENT.exec(name)
  return match === null ? undefined : Number(match[1])
}

export function isSegment(name: string): boolean {
  return SEGMENT.test(name)
}

/** Folder names that can be a writer's: whatever else lies in a stream is not read. */
export function isWriterName(name: string): boolean {
  return WRITER.test(name)
}

export function segmentsOf(names: readonly string[] | undefined): string[] {
  return (names ?? []).filter(isSegment)
}

export function highestEpoch(names: readonly string[] | undefined): number {
  return segmentsOf(names).reduce((highest, name) => Math.max(highest, epochOf(name) ?? 0), 0)
}
