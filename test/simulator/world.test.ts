import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FaultCancel, FaultRequest } from '../../lib/streams/control.ts'
import { truthSchema } from '../../lib/streams/truth.ts'
import { restoreWorld, type World, type WorldOutput } from '../../simulator/world.ts'
import { NOON } from '../support/builders.ts'
import {
  A_TO_B,
  aCancel,
  aFault,
  aScenario,
  aWorld,
  packagedScenario,
  SITE_A,
  SITE_B,
  SITE_C,
  sha256,
} from '../support/world.ts'

function join(outputs: WorldOutput[]): WorldOutput {
  return {
    records: outputs.flatMap((output) => output.records),
    events: outputs.flatMap((output) => output.events),
    truth: outputs.flatMap((output) => output.truth),
  }
}

/** A bit of everything: planned and live faults, one cancelled, one that overlaps another, maintenance. */
const eventful = aScenario(`
faults:
  - { kind: frozen-exporter, scope: { site: SITE_C }, startsAfterSeconds: 900, durationSeconds: 600 }
  - { kind: slow-drift, scope: { site: SITE_A }, startsAfterSeconds: 1200, durationSeconds: 1500 }
maintenance:
  - { scope: { source: SITE_B, destination: SITE_C }, startsAfterSeconds: 700, durationSeconds: 300 }
`)
const lines: (FaultRequest | FaultCancel)[] = [
  aFault({ seq: 1, effectiveAt: NOON + 1500, durationSeconds: 900 }),
  aFault({ seq: 3, kind: 'silent-site', scope: { site: SITE_B }, effectiveAt: NOON + 1800, durationSeconds: 600 }),
  aCancel({ seq: 4, fault: 1, effectiveAt: NOON + 2000 }),
]
const END = NOON + 4200

function anEventfulWorld(): World {
  const world = aWorld({ scenario: eventful })
  for (const line of lines) world.apply(line)
  return world
}

function afterJson(world: World): World {
  return restoreWorld({ scenario: eventful, seed: 7, state: JSON.parse(JSON.stringify(world.save())) })
}

describe('the world', () => {
  it.each([
    ['default', 'f2158c9aa41949b795ffb0dcdaaa40237ae0ff364c7eafedd993a1904a05a009'],
    ['edge', '07037df54f4f70755bac2a32f77afba5c152268934cc8b613b700ef35efa93ac'],
  ] as const)('makes the very same records from the same seed: the first six hours of %s', (name, digest) => {
    const { records } = aWorld({ scenario: packagedScenario(name) }).runUntil(NOON + 6 * 3600)
    expect(sha256(records.map(({ transfer }) => transfer))).toBe(digest)
  })

  it('is another with another seed', () => {
    const [one, two] = [7, 8].map((seed) => sha256(aWorld({ seed }).runUntil(NOON + 600)))
    expect(one).not.toBe(two)
  })

  it('gives the same in one run, and in runs of any steps with saving and loading at any of them', () => {
    const whole = anEventfulWorld()
    const expected = sha256(whole.runUntil(END))
    const saved = sha256(whole.save())
    const step = fc.record({ seconds: fc.double({ min: 0.0005, max: 2500, noNaN: true }), reload: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let world = anEventfulWorld()
        const outputs: WorldOutput[] = []
        for (const { seconds, reload } of steps) {
          outputs.push(world.runUntil(Math.min(END, world.now + seconds)))
          if (reload) world = afterJson(world)
        }
        outputs.push(world.runUntil(END))
        expect(sha256(join(outputs))).toBe(expected)
        expect(sha256(world.save())).toBe(saved)
      }),
      { numRuns: 15 },
    )
  })

  it('does not depend on how early a control line is known', () => {
    const late = aWorld({ scenario: eventful })
    const outputs: WorldOutput[] = []
    for (const line of lines) {
      outputs.push(late.runUntil(line.effectiveAt - 5))
      late.apply(line)
    }
    outputs.push(late.runUntil(END))
    expect(sha256(join(outputs))).toBe(sha256(anEventfulWorld().runUntil(END)))
  })

  it('gives everything in order and inside the step', () => {
    const world = anEventfulWorld()
    const first = world.runUntil(NOON + 2000)
    const second = world.runUntil(END)
    for (const [{ records, events, truth }, from, to] of [
      [first, NOON, NOON + 2000],
      [second, NOON + 2000, END],
    ] as const) {
      for (const instants of [
        records.map(({ at }) => at),
        events.map(({ entry }) => entry.at),
        truth.map(({ entry }) => entry.at),
      ]) {
        expect(instants).toEqual(instants.toSorted((a, b) => a - b))
        expect(instants.every((instant) => instant > from && instant <= to)).toBe(true)
      }
    }
  })

  it('stays where it is when asked for the past, and moves in whole milliseconds', () => {
    const world = aWorld()
    world.runUntil(NOON + 100.0009)
    expect(world.now).toBe(NOON + 100)
    expect(world.runUntil(NOON + 50)).toEqual({ records: [], events: [], truth: [] })
    expect(world.now).toBe(NOON + 100)
  })

  it('keeps its state small: under 100 kB in an eventful hour', () => {
    const world = anEventfulWorld()
    world.runUntil(NOON + 1300)
    const size = JSON.stringify(world.save()).length
    world.runUntil(NOON + 40_000)
    expect(size).toBeLessThan(200_000)
    expect(JSON.stringify(world.save()).length).toBeLessThan(100_000)
  })
})

describe('restoring a world', () => {
  it.each([
    ['another seed', { seed: 8 }, 'world.mismatch'],
    ['another scenario', { scenario: aScenario('linkVariety: 0') }, 'world.mismatch'],
  ])('refuses a state of %s', (_, changes, code) => {
    const state = aWorld().save()
    expect(() => restoreWorld({ scenario: aScenario(), seed: 7, state, ...changes })).toThrow(
      expect.objectContaining({ code }),
    )
  })

  it('refuses a state of another version', () => {
    const state = { ...aWorld().save(), v: 2 }
    expect(() => restoreWorld({ scenario: aScenario(), seed: 7, state })).toThrow(
      expect.objectContaining({ code: 'world.invalid' }),
    )
  })
})

describe('control lines', () => {
  it('say in truth when a fault was planned and when it really began and ended', () => {
    const world = aWorld()
    world.runUntil(NOON + 4000.5)
    world.apply(aFault())
    const { truth } = world.runUntil(NOON + 7200)
    expect(truth.map(({ site, entry }) => `${site} ${entry.type} ${entry.fault}`)).toEqual([
      'SITE_A fault-started f-1',
      'SITE_A fault-ended f-1',
      'SITE_A fault-witness f-1',
    ])
    for (const { entry } of truth) {
      expect(truthSchema.safeParse({ ...entry, v: 1, seq: 1 }).error).toBeUndefined()
      expect(entry).toMatchObject({
        plannedStartAt: NOON + 3600,
        plannedEndAt: NOON + 4800,
        startedAt: NOON + 4000.501,
        severity: 0.8,
        scope: A_TO_B,
        anomalous: true,
      })
    }
    expect(truth.map(({ entry }) => entry.endedAt)).toEqual([undefined, NOON + 4800, NOON + 4800])
  })

  it('end a fault early', () => {
    const world = aWorld()
    world.apply(aFault())
    world.apply(aCancel({ effectiveAt: NOON + 3700 }))
    const { truth } = world.runUntil(NOON + 4500)
    expect(truth.map(({ entry }) => [entry.type, entry.at, entry.plannedEndAt])).toEqual([
      ['fault-started', NOON + 3600, NOON + 4800],
      ['fault-ended', NOON + 3700, NOON + 4800],
      ['fault-witness', NOON + 4300, NOON + 4800],
    ])
  })

  it('do nothing when applied twice, or to a fault that never was, or when they are over already', () => {
    const world = aWorld()
    world.apply(aFault({ seq: 5 }))
    world.apply(aFault({ seq: 5, severity: 0.1 }))
    world.apply(aFault({ seq: 4 }))
    world.apply(aCancel({ seq: 6, fault: 77 }))
    expect(world.controlSeq).toBe(6)
    expect(world.save().faults).toEqual([expect.objectContaining({ id: 'f-5', severity: 0.8 })])
    const later = aWorld()
    later.runUntil(NOON + 7200)
    later.apply(aFault())
    expect(later.save().faults).toEqual([])
    expect(later.controlSeq).toBe(1)
  })

  it.each([
    ['a kind that does not exist', { kind: 'volcano' }, 'there is no fault "volcano"'],
    ['a scope that the kind does not act on', { kind: 'silent-site', scope: { platform: true } as const }, 'platform'],
    [
      'a site that is not in this world',
      { scope: { source: SITE_A, destination: 'SITE_Z' as typeof SITE_A } },
      'SITE_Z',
    ],
  ])('are refused for %s, and change nothing', (_, changes, words) => {
    const world = aWorld()
    expect(() => world.apply(aFault(changes))).toThrow(
      expect.objectContaining({ code: 'fault.unknown', message: expect.stringContaining(words) }),
    )
    expect(world.controlSeq).toBe(0)
  })
})

describe('planned faults and maintenance', () => {
  it('are numbered through the scenario and told by every site that records over a bent link', () => {
    const { truth } = aWorld({ scenario: eventful }).runUntil(NOON + 1300)
    expect(truth.map(({ site, entry }) => `${entry.fault} ${entry.kind} ${entry.type} ${site}`)).toEqual([
      's-3 maintenance fault-started SITE_B',
      's-1 frozen-exporter fault-started SITE_C',
      's-3 maintenance fault-ended SITE_B',
      's-2 slow-drift fault-started SITE_A',
      's-2 slow-drift fault-started SITE_B',
      's-2 slow-drift fault-started SITE_C',
    ])
  })

  it.each([
    ['a site, by itself', '{ site: SITE_B }', [SITE_B]],
    ['a link, by its source', '{ source: SITE_C, destination: SITE_A }', [SITE_C]],
    ['the platform, by all', '{ platform: true }', [SITE_A, SITE_B, SITE_C]],
  ])('announce the maintenance of %s, as long ahead as the scenario says', (_, scope, announcers) => {
    const scenario = aScenario(
      `maintenance: [{ scope: ${scope}, startsAfterSeconds: 1000, durationSeconds: 300, announcedSecondsAhead: 400, note: pumps }]`,
    )
    const world = aWorld({ scenario })
    expect(world.runUntil(NOON + 599.999).events).toEqual([])
    const { events } = world.runUntil(NOON + 600)
    expect(events.map(({ site }) => site)).toEqual(announcers)
    expect(events[0]?.entry).toMatchObject({
      at: NOON + 600,
      startsAt: NOON + 1000,
      endsAt: NOON + 1300,
      note: 'pumps',
    })
    expect(world.runUntil(NOON + 2000).events).toEqual([])
  })

  it('announce at the beginning of the world what begins too soon after it', () => {
    const scenario = aScenario(
      'maintenance: [{ scope: { platform: true }, startsAfterSeconds: 60, durationSeconds: 60 }]',
    )
    const { events } = aWorld({ scenario }).runUntil(NOON + 60)
    expect(events[0]?.entry.at).toBe(NOON + 0.001)
  })
})

describe('the edge scenario', () => {
  it('has gaps of more than a day on a link that is busy at other times', () => {
    const { records } = aWorld({ scenario: packagedScenario('edge'), seed: 9 }).runUntil(NOON + 5 * 86_400)
    const hall = records.filter(({ transfer }) => transfer.source === 'HALL').map(({ at }) => at)
    const gaps = hall.slice(1).map((at, index) => at - (hall[index] ?? at))
    expect(gaps.reduce((longest, gap) => Math.max(longest, gap))).toBeGreaterThan(86_400)
    expect(hall.length).toBeGreaterThan(1000)
    expect(records.filter(({ transfer }) => transfer.source === 'MIRROR').length).toBeGreaterThan(5)
  })
})
