import { describe, expect, it } from 'vitest'
import { WindowBook } from '../../api/windows.ts'
import type { StreamEvent } from '../../streaming/event.ts'
import { anEvent } from '../support/stream-events.ts'
import { asLine, partsOf } from '../support/windows.ts'

/** The start of a window. */
const T = 1_700_000_040

function aBook(...partitions: StreamEvent[][]): WindowBook {
  const book = new WindowBook()
  partitions.forEach((events, partition) => {
    for (const part of partsOf(events, partition)) book.apply(asLine(part))
  })
  return book
}

describe('windows', () => {
  it('of one source are summed over partitions, percentiles from the merged sketches', () => {
    const spread = Array.from({ length: 99 }, (_, i) => anEvent({ at: T, durationSeconds: i + 1, bytes: 10 }))
    const failed = { status: 'failed', errorScope: 'source', errorClass: 'not_found' } as const
    const other = [anEvent({ at: T + 1, destination: 'SITE_C', durationSeconds: 1000, bytes: 7, ...failed })]
    const book = aBook(spread, other)
    const [site, ...links] = book.list({ limit: 10 }).map(({ view }) => view)
    expect(links.map(({ destination, count, parts }) => [destination, count, parts])).toEqual([
      ['SITE_C', 1, 1],
      ['SITE_B', 99, 1],
    ])
    expect(site).toMatchObject({
      ...{ scope: 'site', source: 'SITE_A', destination: null, from: T, to: T + 60, parts: 2 },
      ...{ count: 100, failed: 1, failures: { 'source/not_found': 1 }, bytes: 997, meanBytes: 9.97 },
      meanLatencySeconds: 0.5,
      duration: { count: 100, min: 1, max: 1000, mean: 59.5 },
      rate: { count: 99 },
    })
    expect(Math.abs((site?.duration.p50 ?? 0) - 50) / 50).toBeLessThanOrEqual(0.011)
  })

  it('take a part only once', () => {
    const [part] = partsOf([anEvent({ at: T })])
    if (part === undefined) throw new Error('no window closed')
    const book = new WindowBook()
    expect(book.apply(asLine(part, 1))?.count).toBe(1)
    expect(book.apply(asLine(part, 2))).toBeUndefined()
    expect(book.list({ limit: 10 })[0]?.view.count).toBe(1)
  })

  it('pass over a part whose sketch is none', () => {
    const [first, second] = [0, 1].map((partition) => partsOf([anEvent({ at: T })], partition)[0])
    if (first === undefined || second === undefined) throw new Error('no window closed')
    const book = new WindowBook()
    book.apply(asLine(first))
    expect(book.apply(asLine({ ...second, duration: { ...second.duration, sketch: '1 x' } }))).toBeUndefined()
    expect(book.list({ limit: 1 })[0]?.view).toMatchObject({ count: 1, parts: 1 })
  })

  it('are listed newest first, by what is asked for, in pages', () => {
    const events = [0, 60, 120].flatMap((s) => [anEvent({ at: T + s }), anEvent({ at: T + s, destination: 'SITE_C' })])
    const book = aBook(events)
    const starts = (query: Omit<Parameters<WindowBook['list']>[0], 'limit'>) =>
      book.list({ ...query, limit: 100 }).map(({ view }) => [view.from - T, view.destination])
    expect(starts({ scope: 'link', destination: 'SITE_C' })).toEqual([
      [120, 'SITE_C'],
      [60, 'SITE_C'],
      [0, 'SITE_C'],
    ])
    expect(starts({ scope: 'site', from: T + 60, to: T + 120 })).toEqual([[60, null]])
    expect(starts({ source: 'SITE_B' })).toEqual([])
    const first = book.list({ limit: 4 })
    const second = book.list({ limit: 100, below: first.at(-1)?.key })
    expect([...first, ...second]).toEqual(book.list({ limit: 100 }))
  })

  it('beyond the bound the oldest go, and nothing older than they comes back', () => {
    const book = new WindowBook(3)
    const parts = partsOf([0, 60, 120, 180].map((s) => anEvent({ at: T + s })))
    const [first] = parts
    if (first === undefined) throw new Error('no window closed')
    for (const part of parts) book.apply(asLine(part))
    expect(book.size).toBe(3)
    expect(book.apply(asLine(first))).toBeUndefined()
    expect(book.newestAt).toBe(T + 240)
  })

  it('beyond the bound of sketches the oldest go too, and a late part of one does not come back as a window', () => {
    const book = new WindowBook(100, 1)
    const [early, late] = [0, 60].map((s) => partsOf([anEvent({ at: T + s }), anEvent({ at: T + s, site: 'SITE_C' })]))
    if (early === undefined || late === undefined) throw new Error('no window closed')
    const [first, ...others] = early
    if (first === undefined) throw new Error('no window closed')
    for (const part of [first, ...late]) book.apply(asLine(part))
    expect(book.size).toBe(1)
    for (const part of others) expect(book.apply(asLine(part))).toBeUndefined()
    expect(book.list({ limit: 10 }).map(({ view }) => view.from)).toEqual([T + 60])
  })

  it('the last whole one of each source is the newest but one: parts of the newest may still come', () => {
    const book = aBook([
      ...[0, 60, 120].map((s) => anEvent({ at: T + s, bytes: s })),
      anEvent({ site: 'SITE_B', destination: 'SITE_A', at: T, bytes: 5 }),
    ])
    expect(book.newestBySource().map(({ source, from, meanBytes }) => [source, from - T, meanBytes])).toEqual([
      ['SITE_A', 60, 60],
      ['SITE_B', 0, 5],
    ])
  })
})
