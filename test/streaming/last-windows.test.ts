import { describe, expect, it } from 'vitest'
import { LastWindows } from '../../streaming/last-windows.ts'
import { anEvent } from '../support/stream-events.ts'
import { partsOf } from '../support/windows.ts'

/** The start of a window. */
const T = 1_700_000_040

function windowsOf(...partitions: Parameters<typeof anEvent>[0][][]): LastWindows {
  const windows = new LastWindows(600)
  partitions.forEach((events, partition) => {
    for (const part of partsOf(events.map(anEvent), partition)) windows.observe(part)
  })
  return windows
}

describe('the last closed window', () => {
  it('of a source is the sum of its parts; of a link it has the p95 of its largest part', () => {
    const windows = windowsOf(
      [
        { at: T, bytes: 10, durationSeconds: 1 },
        { at: T, bytes: 20, durationSeconds: 1 },
      ],
      [{ at: T, bytes: 5, destination: 'SITE_C', durationSeconds: 100 }],
    )
    expect(windows.sites(T + 60)).toMatchObject([{ source: 'SITE_A', to: T + 60, count: 3, bytes: 35, rateCount: 3 }])
    expect(windows.sites(T + 60)[0]?.durationP95).toBeCloseTo(1, 1)
    expect(windows.links(T + 60).map(({ destination, count }) => [destination, count])).toEqual([
      ['SITE_B', 2],
      ['SITE_C', 1],
    ])
  })

  it('is replaced by a newer one and not by an older one', () => {
    const windows = windowsOf([{ at: T + 60, bytes: 7 }], [{ at: T, bytes: 1 }])
    expect(windows.sites(T + 120)).toMatchObject([{ to: T + 120, bytes: 7 }])
  })

  it.each([
    [T + 660, 1],
    [T + 660.1, 0],
  ])('at %d there are %d: an old one is none', (now, count) => {
    expect(windowsOf([{ at: T }]).sites(now)).toHaveLength(count)
  })
})
