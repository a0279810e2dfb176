import { describe, expect, it } from 'vitest'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { type Scope, siteName } from '../../lib/names.ts'
import type { FreshnessState } from '../../lib/staleness/states.ts'
import { StalenessTracker } from '../../lib/staleness/tracker.ts'
import { createWorld, type World } from '../../simulator/world.ts'
import { NOON } from '../support/builders.ts'

const A = siteName('SITE_A')
const DAY = 86_400
const scope: Scope = { site: A }

/** A default world with a day behind it, and a tracker that has seen that day. */
function aWatchedWorld(seed: number): { world: World; tracker: StalenessTracker } {
  const world = createWorld({ scenario: loadScenario('default').scenario, seed, worldStart: NOON })
  const tracker = new StalenessTracker()
  for (const { transfer } of world.runUntil(NOON + DAY).records) tracker.observe(transfer.site, transfer.endedAt)
  return { world, tracker }
}

/** Looks every ten seconds for so long; when each state of each site was first seen, and how often. */
function watch({ world, tracker }: { world: World; tracker: StalenessTracker }, seconds: number) {
  const seen = new Map<string, { first: number; count: number }>()
  const begin = world.now
  for (let now = begin; now < begin + seconds; now += 10) {
    for (const { transfer } of world.runUntil(now).records) {
      tracker.observe(transfer.site, transfer.endedAt, { seenAt: now })
    }
    for (const { site, state } of tracker.at(now)) {
      const entry = seen.get(`${site} ${state}`) ?? { first: now - begin, count: 0 }
      seen.set(`${site} ${state}`, { ...entry, count: entry.count + 1 })
    }
  }
  const count = (state: FreshnessState): number =>
    [...seen].filter(([key]) => key.endsWith(` ${state}`)).reduce((sum, [, entry]) => sum + entry.count, 0)
  return { seen, count }
}

describe('the default world', () => {
  it('has no silent site and hardly a late one on a normal day', () => {
    const { count } = watch(aWatchedWorld(1), DAY)
    expect(count('silent')).toBe(0)
    expect(count('late')).toBeLessThan((3 * DAY) / 10 / 1000)
  })

  it.each(['silent-site', 'frozen-exporter'])('has a silent site within ten minutes of %s, and no other', (kind) => {
    for (const seed of [2, 3]) {
      const watched = aWatchedWorld(seed)
      const at = watched.world.now
      watched.world.apply({
        v: 1,
        seq: 1,
        at,
        type: 'fault',
        kind,
        scope,
        severity: 0.8,
        durationSeconds: 1200,
        effectiveAt: at,
        hidden: false,
      })
      const { seen } = watch(watched, 3600)
      expect(seen.get('SITE_A silent')?.first).toBeLessThanOrEqual(600)
      expect(seen.get('SITE_A recovered')?.first).toBeLessThanOrEqual(1400)
      expect([...seen.keys()].filter((key) => key.endsWith(' silent'))).toEqual(['SITE_A silent'])
    }
  })

  it('raises nothing during announced maintenance nor after it', () => {
    for (const seed of [4, 5]) {
      const watched = aWatchedWorld(seed)
      const at = watched.world.now
      const [startsAt, endsAt] = [at + 60, at + 1260]
      watched.tracker.observeEvent({ v: 1, seq: 1, at, type: 'maintenance', scope, startsAt, endsAt })
      watched.world.apply({
        v: 1,
        seq: 1,
        at,
        type: 'fault',
        kind: 'maintenance',
        scope,
        severity: 0.8,
        durationSeconds: 1200,
        effectiveAt: startsAt,
        hidden: false,
      })
      const { seen, count } = watch(watched, 3600)
      expect(count('silent')).toBe(0)
      expect(seen.get('SITE_A maintenance')?.count).toBe(120)
      expect(seen.has('SITE_A late')).toBe(false)
    }
  })
})
