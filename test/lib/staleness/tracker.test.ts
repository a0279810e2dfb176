import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkKey, type Scope, siteName } from '../../../lib/names.ts'
import { createRandom } from '../../../lib/random.ts'
import { type SiteFreshness, StalenessTracker } from '../../../lib/staleness/tracker.ts'
import type { SiteEvent } from '../../../lib/streams/events.ts'
import { NOON } from '../../support/builders.ts'

const A = siteName('SITE_A')
const B = siteName('SITE_B')
const C = siteName('SITE_C')
const HOUR = 3600

function pause(from: number, to: number): SiteEvent {
  return { v: 1, seq: 1, at: to, type: 'paused', from, to }
}

function maintenance(scope: Scope, startsAt: number, endsAt: number): SiteEvent {
  return { v: 1, seq: 1, at: startsAt - 60, type: 'maintenance', scope, startsAt, endsAt }
}

/** A site that sent every 5 seconds for an hour until `last`: it is expected again within 120 s. */
function aBusyTracker(last = NOON): StalenessTracker {
  const tracker = new StalenessTracker()
  for (let t = last - HOUR; t <= last; t += 5) tracker.observe(A, t)
  return tracker
}

function stateAt(tracker: StalenessTracker, now: number, site = A): SiteFreshness {
  return tracker.at(now).find((item) => item.site === site) as SiteFreshness
}

describe('a site that goes quiet', () => {
  it('is fresh, late, silent as its age grows, with the instant at which each began', () => {
    const tracker = aBusyTracker()
    expect(stateAt(tracker, NOON + 120)).toEqual({
      site: A,
      state: 'fresh',
      newestEndedAt: NOON,
      ageSeconds: 120,
      expectedSeconds: 120,
    })
    expect(stateAt(tracker, NOON + 121)).toMatchObject({ state: 'late', since: NOON + 120 })
    expect(stateAt(tracker, NOON + 240)).toMatchObject({ state: 'late' })
    expect(stateAt(tracker, NOON + 241)).toMatchObject({ state: 'silent', since: NOON + 240, ageSeconds: 241 })
  })

  it('is recovered for the first five minutes after it came back', () => {
    const tracker = aBusyTracker()
    for (let t = NOON + 1000; t <= NOON + 2000; t += 5) tracker.observe(A, t)
    expect(stateAt(tracker, NOON + 1005)).toMatchObject({ state: 'recovered', since: NOON + 1000 })
    expect(stateAt(tracker, NOON + 1299)).toMatchObject({ state: 'recovered' })
    expect(stateAt(tracker, NOON + 1300)).toMatchObject({ state: 'fresh' })
  })

  it('is recovered when a frozen exporter writes what it had held back', () => {
    const tracker = aBusyTracker()
    for (let t = NOON + 5; t <= NOON + 1000; t += 5) tracker.observe(A, t, { seenAt: NOON + 1000 })
    expect(stateAt(tracker, NOON + 1000)).toMatchObject({ state: 'recovered', since: NOON + 1000 })
    expect(stateAt(tracker, NOON + 1100)).toMatchObject({ state: 'recovered' })
  })

  it('is not recovered because a reader only now catches up', () => {
    const tracker = aBusyTracker()
    for (let t = NOON + 5; t <= NOON + 1000; t += 5) tracker.observe(A, t)
    expect(stateAt(tracker, NOON + 1000)).toMatchObject({ state: 'fresh' })
  })
})

describe('a past that is written in one go', () => {
  it('makes nobody silent while it is written, nor recovered after it', () => {
    const tracker = new StalenessTracker()
    tracker.countFrom(NOON)
    for (let t = NOON - 2 * HOUR; t <= NOON - HOUR; t += 5) tracker.observe(A, t, { seenAt: NOON + 1 })
    expect(stateAt(tracker, NOON + 1)).toMatchObject({ state: 'fresh', ageSeconds: HOUR + 1 })
    for (let t = NOON - HOUR; t <= NOON; t += 5) tracker.observe(A, t, { seenAt: NOON + 2 })
    expect(stateAt(tracker, NOON + 3)).toMatchObject({ state: 'fresh', ageSeconds: 3 })
    expect(stateAt(tracker, NOON + 241)).toMatchObject({ state: 'silent', since: NOON + 240 })
  })

  it('that never ends is silence, counted from when the world began', () => {
    const tracker = aBusyTracker(NOON - 10 * HOUR)
    tracker.countFrom(NOON)
    tracker.countFrom(NOON - HOUR)
    expect(stateAt(tracker, NOON + 240)).toMatchObject({ state: 'late', since: NOON + 120 })
    expect(stateAt(tracker, NOON + 241)).toMatchObject({ state: 'silent', since: NOON + 240 })
  })
})

describe('what is known without a record', () => {
  it('waits until the first one', () => {
    const tracker = new StalenessTracker()
    tracker.know(B)
    expect(tracker.at(NOON)).toEqual([{ site: B, state: 'waiting', expectedSeconds: 300 }])
  })

  it('says unknown and no age when the volume cannot be read', () => {
    const tracker = aBusyTracker()
    expect(tracker.at(NOON + 10, false)).toEqual([
      { site: A, state: 'unknown', newestEndedAt: NOON, expectedSeconds: 120 },
    ])
  })

  it('lists sites by name', () => {
    const tracker = new StalenessTracker()
    for (const site of [C, A, B]) tracker.know(site)
    expect(tracker.at(NOON).map((item) => item.site)).toEqual([A, B, C])
  })
})

describe('pauses', () => {
  it('do not count into the age that decides the state, but into the age that is shown', () => {
    const tracker = aBusyTracker()
    tracker.observeEvent(pause(NOON + 10, NOON + 7210), A)
    expect(stateAt(tracker, NOON + 100)).toMatchObject({ state: 'paused', since: NOON + 10 })
    expect(stateAt(tracker, NOON + 7210)).toMatchObject({ state: 'recovered', ageSeconds: 7210, since: NOON + 7210 })
    expect(stateAt(tracker, NOON + 7320)).toMatchObject({ state: 'recovered' })
    expect(stateAt(tracker, NOON + 7321)).toMatchObject({ state: 'late', since: NOON + 7320 })
    expect(stateAt(tracker, NOON + 7441)).toMatchObject({ state: 'silent', since: NOON + 7440 })
  })

  it('without a site hold for all, also for sites that appear later', () => {
    const tracker = aBusyTracker()
    tracker.observeEvent(pause(NOON, NOON + 100))
    tracker.know(B)
    expect(tracker.at(NOON + 50).map((item) => item.state)).toEqual(['paused', 'paused'])
  })

  it('of one site leave the others alone', () => {
    const tracker = aBusyTracker()
    tracker.observeEvent(pause(NOON, NOON + 100), B)
    expect(stateAt(tracker, NOON + 50).state).toBe('fresh')
  })
})

describe('maintenance', () => {
  const windows: [string, Scope, string][] = [
    ['of the site itself', { site: A }, 'maintenance'],
    ['of the platform', { platform: true }, 'maintenance'],
    ['of another site', { site: C }, 'fresh'],
    ['of one of its links', { source: A, destination: B }, 'fresh'],
  ]
  it.each(windows)('%s', (_name, scope, state) => {
    const tracker = aBusyTracker()
    tracker.observe(A, NOON, { link: linkKey(A, B) })
    tracker.observe(A, NOON, { link: linkKey(A, C) })
    tracker.observeEvent(maintenance(scope, NOON + 10, NOON + 1000), B)
    expect(stateAt(tracker, NOON + 10).state).toBe(state)
  })

  it('of the only link of a site, or of its only partner, is one of the site', () => {
    for (const scope of [{ source: A, destination: B }, { site: B }]) {
      const tracker = aBusyTracker()
      tracker.observe(A, NOON, { link: linkKey(A, B) })
      tracker.observeEvent(maintenance(scope, NOON + 10, NOON + 1000))
      expect(stateAt(tracker, NOON + 500).state).toBe('maintenance')
    }
  })

  it('raises nothing when it ends, and silence counts from its end on', () => {
    const tracker = aBusyTracker()
    tracker.observeEvent(maintenance({ site: A }, NOON, NOON + HOUR))
    expect(stateAt(tracker, NOON + HOUR - 1).state).toBe('maintenance')
    expect(stateAt(tracker, NOON + HOUR)).toMatchObject({ state: 'fresh', since: NOON + HOUR })
    expect(stateAt(tracker, NOON + HOUR + 121).state).toBe('late')
  })

  it('announced twice holds once', () => {
    const tracker = aBusyTracker()
    const window = maintenance({ site: A }, NOON, NOON + HOUR)
    tracker.observeEvent(window)
    tracker.observeEvent(window)
    expect(tracker.save().windows).toHaveLength(1)
  })
})

describe('records in any order', () => {
  it('a record from the past makes nothing older or younger', () => {
    const tracker = aBusyTracker()
    const before = stateAt(tracker, NOON + 100)
    tracker.observe(A, NOON - 50 * HOUR)
    expect(stateAt(tracker, NOON + 100)).toMatchObject({ newestEndedAt: NOON, ageSeconds: 100, state: before.state })
  })

  it('a record from the far future does not keep a site fresh', () => {
    const tracker = aBusyTracker()
    tracker.observe(A, NOON + 1_000_000)
    expect(stateAt(tracker, NOON + 1000)).toMatchObject({ state: 'silent', newestEndedAt: NOON })
    expect(stateAt(tracker, NOON + 1_000_000)).toMatchObject({ state: 'recovered', ageSeconds: 0 })
  })

  it('a record slightly ahead of the clock has age zero', () => {
    const tracker = aBusyTracker()
    expect(stateAt(tracker, NOON - 1)).toMatchObject({ state: 'fresh', ageSeconds: 0 })
  })

  it('give the same answer as in order, also when saved and restored on the way', () => {
    const instants = fc.array(fc.integer({ min: NOON - 100 * HOUR, max: NOON }), { minLength: 1, maxLength: 150 })
    const windows = fc.array(fc.tuple(fc.integer({ min: -90, max: 0 }), fc.integer({ min: 1, max: 9 })), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(instants, windows, fc.nat(), fc.integer({ min: 0, max: 9 }), (times, stretches, at, hours) => {
        const events = stretches.map(([from, length], i) =>
          i % 2 === 0
            ? pause(NOON + from * HOUR, NOON + (from + length) * HOUR)
            : maintenance({ site: A }, NOON + from * HOUR, NOON + (from + length) * HOUR),
        )
        const inOrder = new StalenessTracker()
        for (const t of times.toSorted((a, b) => a - b)) inOrder.observe(A, t)
        for (const event of events) inOrder.observeEvent(event, A)
        let shuffled = new StalenessTracker()
        for (const event of events.toReversed()) shuffled.observeEvent(event, A)
        times.forEach((t, i) => {
          shuffled.observe(A, t)
          if (i === at % times.length) shuffled = StalenessTracker.restore(JSON.parse(JSON.stringify(shuffled.save())))
        })
        expect(shuffled.at(NOON + hours * HOUR)).toEqual(inOrder.at(NOON + hours * HOUR))
      }),
    )
  })
})

describe('a day of a site with two links at 4.6 transfers a minute', () => {
  it('has no silence and hardly any lateness, and an outage is silent within ten minutes', () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed, 'day')
      const tracker = new StalenessTracker()
      const counts = { late: 0, silent: 0, all: 0 }
      let next = NOON
      for (let now = NOON; now < NOON + 48 * HOUR; now += 10) {
        for (; next <= now; next += random.exponential(60 / 9.2)) tracker.observe(A, next)
        if (now < NOON + 24 * HOUR) continue
        const { state } = stateAt(tracker, now)
        counts.all += 1
        if (state === 'late' || state === 'silent') counts[state] += 1
      }
      expect(counts.silent).toBe(0)
      expect(counts.late / counts.all).toBeLessThan(0.001)
      expect(stateAt(tracker, NOON + 48 * HOUR + 300).state).toBe('silent')
    }
  })
})
