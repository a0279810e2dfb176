import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { windowsCodec } from '../../lib/streams/codecs.ts'
import type { StreamEvent } from '../../streaming/event.ts'
import { MOST_CELLS, MOST_RECORDERS, type WindowPart, type WindowRules, WindowState } from '../../streaming/windows.ts'
import { anEvent } from '../support/stream-events.ts'

const rules = { windowSeconds: 60, watermarkSeconds: 10, latenessSeconds: 50 }
/** The start of a window. */
const T = 1_700_000_040

function closedBy(state: WindowState, events: readonly StreamEvent[]): WindowPart[] {
  for (const event of events) state.add(event)
  return state.takeClosed()
}

describe('windows', () => {
  it.each([
    [T, T],
    [T + 59.999, T],
    [T + 60, T + 60],
  ])('an event at %d belongs to the window that begins at %d', (at, from) => {
    const state = new WindowState(rules, 0)
    const [part] = closedBy(state, [anEvent({ at }), anEvent({ at: from + 120 })])
    expect([part?.from, part?.to, part?.at, part?.count]).toEqual([from, from + 60, from + 60, 1])
  })

  it.each([
    [T + 119.999, 0],
    [T + 120, 2],
  ])(
    'with the newest event at %d the window has written %d lines: it closes when the watermark is its lateness behind its end',
    (at, lines) => {
      expect(closedBy(new WindowState(rules, 0), [anEvent({ at: T }), anEvent({ at })])).toHaveLength(lines)
    },
  )

  it.each([
    [T + 90, T + 80, 'counted'],
    [T + 90, T + 79.999, 'late'],
    [T + 119.999, T, 'late'],
    [T + 120, T + 59.999, 'dropped'],
    [T + 120, T + 60, 'late'],
  ])('behind an event at %d one at %d is %s', (newest, at, result) => {
    const state = new WindowState(rules, 0)
    state.add(anEvent({ at: newest }))
    expect(state.add(anEvent({ at }))).toBe(result)
  })

  it('keeps a watermark for each recorder: one that catches up is not late because another is ahead', () => {
    const state = new WindowState(rules, 0)
    state.add(anEvent({ site: 'SITE_A', at: T + 7200 }))
    expect(state.add(anEvent({ site: 'SITE_B', at: T }))).toBe('counted')
    state.add(anEvent({ site: 'SITE_B', at: T + 120 }))
    expect(state.takeClosed().map(({ id }) => id)).toEqual([
      `w-p0-SITE_B-${T}-SITE_B>SITE_B`,
      `w-p0-SITE_B-${T}-SITE_B`,
    ])
  })

  it('sums the links of a source into a line for the site, failures and all', () => {
    const fails = { status: 'failed', errorScope: 'transfer', errorClass: 'timeout' } as const
    const parts = closedBy(new WindowState(rules, 1), [
      anEvent({ at: T, destination: 'SITE_C', bytes: 5, ...fails }),
      anEvent({ at: T, destination: 'SITE_B', bytes: 7 }),
      anEvent({ at: T, source: 'SITE_B', destination: 'SITE_C', bytes: 11 }),
      anEvent({ at: T + 200 }),
    ])
    expect(
      parts.map(({ scope, source, destination, bytes, failed }) => [scope, source, destination, bytes, failed]),
    ).toEqual([
      ['link', 'SITE_A', 'SITE_B', 7, 0],
      ['link', 'SITE_A', 'SITE_C', 5, 1],
      ['link', 'SITE_B', 'SITE_C', 11, 0],
      ['site', 'SITE_A', undefined, 12, 1],
      ['site', 'SITE_B', undefined, 11, 0],
    ])
  })

  it('closes several windows in the order of their time, and each only once', () => {
    const state = new WindowState(rules, 0)
    const order = [T + 60, T, T + 50, T + 300, T + 240].map((at) => anEvent({ at }))
    const parts = closedBy(state, [...order, anEvent({ at: T + 900 })])
    expect(parts.filter(({ scope }) => scope === 'link').map(({ from, count }) => [from, count])).toEqual([
      [T, 2],
      [T + 60, 1],
      [T + 240, 1],
      [T + 300, 1],
    ])
    expect(state.takeClosed()).toEqual([])
    expect(state.openCount).toBe(1)
  })

  it('makes lines that the log takes', () => {
    const [part] = closedBy(new WindowState(rules, 0), [anEvent({ at: T }), anEvent({ at: T + 120 })])
    if (part === undefined) throw new Error('no window closed')
    const line = windowsCodec.serialise(part, 1)
    expect(windowsCodec.parse(Buffer.from(line.trimEnd()))).toMatchObject({ ok: true, value: { id: part.id } })
  })
})

const someEvent = fc
  .record({
    at: fc.integer({ min: 0, max: 900_000 }).map((ms) => T + ms / 1000),
    site: fc.constantFrom('SITE_A', 'SITE_B', 'SITE_C'),
    destination: fc.constantFrom('SITE_A', 'SITE_D'),
    bytes: fc.integer({ min: 0, max: 1e12 }),
    durationSeconds: fc.integer({ min: 0, max: 100_000 }).map((ms) => ms / 1000),
  })
  .map(anEvent)

describe('over any stream', () => {
  it('every event is in exactly one closed window, in an open one, or dropped', () => {
    fc.assert(
      fc.property(fc.array(someEvent, { maxLength: 120 }), (events) => {
        const state = new WindowState(rules, 0)
        const dropped = events.filter((event) => state.add(event) === 'dropped').length
        const ends = ['SITE_A', 'SITE_B', 'SITE_C'].map((site) => anEvent({ site, at: T + 90_000 }))
        for (const event of ends) state.add(event)
        const links = state.takeClosed().filter(({ scope }) => scope === 'link')
        expect(links.reduce((sum, { count }) => sum + count, 0) + dropped).toBe(events.length)
        expect(new Set(links.map(({ id }) => id)).size).toBe(links.length)
        expect(state.openCount).toBe(3)
      }),
      { numRuns: 60 },
    )
  })

  it('a restore at any place, and batches of any size, change no byte of what is written', () => {
    fc.assert(
      fc.property(fc.array(someEvent, { maxLength: 60 }), fc.nat(60), (events, cut) => {
        const whole = closedBy(new WindowState(rules, 0), events)
        const first = new WindowState(rules, 0)
        const parts = closedBy(first, events.slice(0, cut))
        const second = WindowState.restore(rules, 0, JSON.parse(JSON.stringify(first.save())))
        for (const event of events.slice(cut)) parts.push(...closedBy(second, [event]))
        expect(JSON.stringify(parts)).toBe(JSON.stringify(whole))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a restart with other settings', () => {
  function restarted(changed: Partial<WindowRules>): WindowState {
    const state = new WindowState(rules, 0)
    for (const at of [T, T + 60, T + 120]) state.add(anEvent({ at }))
    expect(state.takeClosed().map(({ from }) => from)).toEqual([T, T])
    return WindowState.restore({ ...rules, ...changed }, 0, JSON.parse(JSON.stringify(state.save())))
  }

  it('that are more patient opens no window again that was written', () => {
    const state = restarted({ latenessSeconds: 5000 })
    expect([T + 59.999, T + 60].map((at) => state.add(anEvent({ at })))).toEqual(['dropped', 'late'])
    expect(state.takeClosed()).toEqual([])
  })

  it('that are less patient closes at once what they would have closed', () => {
    const state = restarted({ watermarkSeconds: 0, latenessSeconds: 0 })
    expect(state.takeClosed().map(({ from }) => from)).toEqual([T + 60, T + 60])
  })
})

describe('names from outside', () => {
  it('beyond the bound of open cells are counted under one link', () => {
    const state = new WindowState(rules, 0)
    for (let i = 0; i < MOST_CELLS + 50; i += 1) state.add(anEvent({ at: T, destination: `D${i}` }))
    expect(state.openCount).toBe(MOST_CELLS + 1)
    state.add(anEvent({ at: T + 900 }))
    const other = state.takeClosed().find(({ destination }) => destination === 'OTHER')
    expect(other?.count).toBe(50)
  })

  it('beyond the bound of recorders are counted under one recorder', () => {
    const state = new WindowState(rules, 0)
    for (let i = 0; i < MOST_RECORDERS + 7; i += 1) state.add(anEvent({ at: T, site: `R${i}`, source: 'SITE_A' }))
    state.add(anEvent({ at: T + 900, site: 'R_LAST' }))
    expect(state.takeClosed().map(({ site, count }) => [site, count])).toEqual([
      ['OTHER', 7],
      ['OTHER', 7],
    ])
  })
})
