/**
 * Windows computed straight from records, by other means than the service: plain sums by recorder, link and minute. The
 * service's lines are added up over partitions and compared with it.
 */
export interface PlainRecord {
  site: string
  source: string
  destination: string
  endedAt: number
  bytesTransferred: number
  durationSeconds: number
  status: string
}

export interface PlainWindow {
  count: number
  failed: number
  bytes: number
  durationSum: number
}

export interface PlainLine {
  scope: string
  site: string
  source: string
  destination?: string | undefined
  from: number
  count: number
  failed: number
  bytes: number
  duration: { sum: number }
}

/** By `recorder source>destination from`. */
export function windowsOfRecords(records: Iterable<PlainRecord>, windowSeconds = 60): Map<string, PlainWindow> {
  const windows = new Map<string, PlainWindow>()
  for (const { site, source, destination, endedAt, bytesTransferred, durationSeconds, status } of records) {
    const from = endedAt - (endedAt % windowSeconds)
    const key = `${site} ${source}>${destination} ${Math.round(from)}`
    const window = windows.get(key) ?? { count: 0, failed: 0, bytes: 0, durationSum: 0 }
    window.count += 1
    if (status !== 'ok') window.failed += 1
    window.bytes += bytesTransferred
    window.durationSum += durationSeconds
    windows.set(key, window)
  }
  return windows
}

/** The same of lines of `windows/`; a line that is there twice counts twice. */
export function windowsOfLines(lines: Iterable<PlainLine>): Map<string, PlainWindow> {
  const windows = new Map<string, PlainWindow>()
  for (const line of lines) {
    if (line.scope !== 'link') continue
    const key = `${line.site} ${line.source}>${line.destination} ${line.from}`
    const window = windows.get(key) ?? { count: 0, failed: 0, bytes: 0, durationSum: 0 }
    window.count += line.count
    window.failed += line.failed
    window.bytes += line.bytes
    window.durationSum += line.duration.sum
    windows.set(key, window)
  }
  return windows
}

/** What differs, in words; empty when every closed window is right and every window that must be closed is there. */
export function differences(
  expected: ReadonlyMap<string, PlainWindow>,
  found: ReadonlyMap<string, PlainWindow>,
  mustBeClosed: (key: string) => boolean,
): string[] {
  const wrong: string[] = []
  for (const [key, window] of found) {
    const right = expected.get(key)
    if (right === undefined) wrong.push(`${key}: there are no such records`)
    else if (right.count !== window.count || right.failed !== window.failed || right.bytes !== window.bytes)
      wrong.push(`${key}: ${JSON.stringify(window)} instead of ${JSON.stringify(right)}`)
    else if (Math.abs(right.durationSum - window.durationSum) > 1e-9 * right.durationSum)
      wrong.push(`${key}: durations add up to ${window.durationSum} instead of ${right.durationSum}`)
  }
  for (const key of expected.keys()) if (!found.has(key) && mustBeClosed(key)) wrong.push(`${key}: is missing`)
  return wrong
}

/** Start of the window in a key. */
export function fromOf(key: string): number {
  return Number(key.split(' ').at(-1))
}

/** Recorder of a key. */
export function siteOf(key: string): string {
  return key.split(' ')[0] ?? ''
}
