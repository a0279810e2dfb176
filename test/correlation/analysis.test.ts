import { describe, expect, it } from 'vitest'
import { analyse, MOST_LAG_MINUTES, type ScopeSums, scopesOf } from '../../correlation/analysis.ts'
import { MinuteStore } from '../../correlation/minutes.ts'
import { siteName } from '../../lib/names.ts'
import { createRandom, type Random } from '../../lib/random.ts'
import { aTransfer, NOON } from '../support/builders.ts'

const A = siteName('SITE_A')
const B = siteName('SITE_B')
const C = siteName('SITE_C')

/** One cell a minute; a minute without throughput has anomalies only. */
function scopeOf(cells: { anomalies: number; throughput?: number }[]): ScopeSums {
  const minutes = new Map(
    cells.map(({ anomalies, throughput }, i) => [
      NOON / 60 + i,
      throughput === undefined
        ? { records: 0, bytes: 0, milliseconds: 0, anomalies }
        : { records: 1, bytes: throughput * 1000, milliseconds: 1_000_000, anomalies },
    ]),
  )
  return { scope: { platform: true }, minutes }
}

function bursts(random: Random, length: number): number[] {
  return Array.from({ length }, () => (random.chance(0.05) ? 1 + random.int(4) : 0))
}

describe('anomalies against throughput', () => {
  it('finds a drop in the same minute', () => {
    const random = createRandom(1, 'same')
    const item = analyse(
      scopeOf(
        bursts(random, 600).map((anomalies) => ({ anomalies, throughput: 100 - 15 * anomalies + random.normal() })),
      ),
    )
    expect(item).toMatchObject({ pairs: 600, bestLagMinutes: 0, significant: true })
    expect(item.coefficient).toBeLessThan(-0.95)
    expect(item.pValue).toBeLessThan(1e-10)
    expect(item.bestCoefficient).toBe(item.coefficient)
  })

  it.each([-MOST_LAG_MINUTES, -4, 3, MOST_LAG_MINUTES])('finds that throughput follows by %d minutes', (lag) => {
    const random = createRandom(2, 'lag')
    const anomalies = bursts(random, 600)
    const cells = anomalies.map((count, t) => ({
      anomalies: count,
      throughput: 100 - 15 * (anomalies[t - lag] ?? 0) + random.normal(),
    }))
    const item = analyse(scopeOf(cells))
    expect(item).toMatchObject({ bestLagMinutes: lag, significant: true })
    expect(item.lags.find((entry) => entry.lagMinutes === lag)?.pairs).toBe(600 - Math.abs(lag))
  })

  it('calls unrelated series significant about as rarely as it says', () => {
    let significant = 0
    for (let seed = 0; seed < 200; seed += 1) {
      const random = createRandom(seed, 'unrelated')
      let level = 0
      const cells = bursts(random, 400).map((anomalies) => {
        level = 0.8 * level + random.normal()
        return { anomalies, throughput: 100 + level }
      })
      if (analyse(scopeOf(cells)).significant) significant += 1
    }
    expect(significant / 200).toBeLessThanOrEqual(0.03)
  })

  const undefinedCases: [string, { anomalies: number; throughput?: number }[]][] = [
    ['no minute at all', []],
    ['no anomaly ever', [1, 2, 3, 4, 5].map((throughput) => ({ anomalies: 0, throughput }))],
    ['a throughput that never changes', [0, 1, 0, 2].map((anomalies) => ({ anomalies, throughput: 5 }))],
    ['no measured throughput', [0, 1, 0, 2].map((anomalies) => ({ anomalies }))],
    [
      'two pairs only',
      [
        { anomalies: 0, throughput: 1 },
        { anomalies: 1, throughput: 2 },
      ],
    ],
  ]
  it.each(undefinedCases)('says null, not zero, for %s', (_name, cells) => {
    expect(analyse(scopeOf(cells))).toMatchObject({
      coefficient: null,
      pValue: null,
      bestLagMinutes: null,
      bestCoefficient: null,
      bestPValue: null,
      significant: false,
    })
  })

  it('makes no pair of a minute without a record', () => {
    const cells = [
      { anomalies: 1, throughput: 1 },
      { anomalies: 1 },
      { anomalies: 0, throughput: 3 },
      { anomalies: 0, throughput: 4 },
    ]
    expect(analyse(scopeOf(cells)).pairs).toBe(3)
  })

  it('does not let a lag with few pairs be the best one', () => {
    const random = createRandom(9, 'few')
    const cells = Array.from({ length: 14 }, (_, i) => ({
      anomalies: i === 13 ? 5 : random.int(2),
      throughput: i === 3 ? 500 : 100 + random.normal(),
    }))
    const item = analyse(scopeOf(cells))
    expect(item.lags.find((entry) => entry.lagMinutes === -10)?.pairs).toBe(4)
    expect(item.bestLagMinutes).toBeGreaterThanOrEqual(-4)
  })
})

describe('the scopes', () => {
  it('are the platform, the recorders and the links, each with all that belongs to it', () => {
    const store = new MinuteStore(1)
    store.addTransfer(aTransfer())
    store.addTransfer(aTransfer({ destination: C }))
    store.addTransfer(aTransfer({ site: B, source: B, destination: A }))
    const scopes = scopesOf(store.list())
    expect(scopes.map(({ scope, minutes }) => [scope, minutes.get(NOON / 60)?.records])).toEqual([
      [{ platform: true }, 3],
      [{ site: A }, 2],
      [{ site: B }, 1],
      [{ source: A, destination: B }, 1],
      [{ source: A, destination: C }, 1],
      [{ source: B, destination: A }, 1],
    ])
  })
})
