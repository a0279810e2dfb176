import { describe, expect, it } from 'vitest'
import { Engine } from '../../simulator/engine.ts'
import type { EmittedRecord } from '../../simulator/faults/fault.ts'
import { createModel } from '../../simulator/model.ts'
import { NOON } from '../support/builders.ts'
import { aScenario } from '../support/world.ts'

const model = createModel(aScenario(), 7)
const START = NOON * 1000

function anEngine(): Engine {
  return new Engine(model, { atMs: START })
}

describe('the engine', () => {
  it('emits each record when its transfer ends, in order', () => {
    const engine = anEngine()
    engine.run(START + 3_600_000, true)
    const records = engine.take()
    expect(records.length).toBeGreaterThan(1000)
    expect(records.every(({ at, transfer }) => at === transfer.endedAt && at <= NOON + 3600)).toBe(true)
    expect(records.map(({ at }) => at)).toEqual(records.map(({ at }) => at).toSorted((a, b) => a - b))
    expect(engine.take()).toEqual([])
  })

  it('stops before an instant or after it, as asked', () => {
    const engine = anEngine()
    engine.run(START + 600_000, true)
    const end = (engine.take()[0]?.at ?? 0) * 1000
    const exclusive = anEngine()
    exclusive.run(end, false)
    expect(exclusive.take()).toHaveLength(0)
    exclusive.run(end, true)
    expect(exclusive.take()).toHaveLength(1)
  })

  it('tries again what can get better, at most three times, later each time, and nothing else', () => {
    const engine = new Engine(createModel(aScenario('failures: { share: 0.4 }'), 7), { atMs: START })
    engine.run(START + 3 * 3_600_000, true)
    const byRequest = new Map<string | undefined, EmittedRecord[]>()
    for (const record of engine.take()) {
      const { id } = record.transfer.origin
      byRequest.set(id, [...(byRequest.get(id) ?? []), record])
    }
    let retried = 0
    for (const attempts of byRequest.values()) {
      expect(attempts.map(({ transfer }) => transfer.attempt)).toEqual(attempts.map((_, index) => index + 1))
      expect(attempts.length).toBeLessThanOrEqual(3)
      for (const [index, { transfer }] of attempts.entries()) {
        const next = attempts[index + 1]?.transfer
        if (next === undefined) continue
        retried += 1
        expect(transfer.error?.retryable).toBe(true)
        const delay = (next.queuedAt - transfer.endedAt) / 60 / 2 ** index
        expect(delay).toBeGreaterThanOrEqual(0.749)
        expect(delay).toBeLessThanOrEqual(1.251)
      }
    }
    expect(retried).toBeGreaterThan(100)
  })

  it('keeps the records of a held link back and lets them out together', () => {
    const engine = anEngine()
    const holdsA = (link: { source: string }) => (link.source === 'SITE_A' ? [{ held: true }] : [])
    engine.run(START + 600_000, true)
    engine.take()
    engine.bend(START + 600_000, holdsA)
    engine.run(START + 1_200_000, true)
    expect(engine.take().filter(({ transfer }) => transfer.site === 'SITE_A')).toEqual([])
    const resumed = new Engine(model, JSON.parse(JSON.stringify(engine.save())))
    resumed.restoreBends(holdsA)
    for (const one of [engine, resumed]) {
      one.bend(START + 1_300_000, () => [])
      const late = one.take().filter(({ transfer }) => transfer.site === 'SITE_A')
      expect(late.length).toBeGreaterThan(20)
      expect(late.every(({ at, transfer }) => at === NOON + 1300 && transfer.endedAt < at)).toBe(true)
    }
  })

  it('asks again later for a retry that falls into a closed time, and drops new requests', () => {
    const engine = new Engine(createModel(aScenario('failures: { share: 0.5 }'), 7), { atMs: START })
    engine.run(START + 600_000, true)
    engine.bend(START + 600_000, () => [{ stopped: true }])
    engine.run(START + 4_200_000, true)
    engine.take()
    engine.bend(START + 4_200_000, () => [])
    engine.run(START + 4_200_000 + 600_000, true)
    const records = engine.take()
    expect(records.filter(({ transfer }) => transfer.attempt > 1).length).toBeGreaterThan(10)
    const asked = records
      .filter(({ transfer }) => transfer.attempt === 1 && transfer.error?.class !== 'expired')
      .map(({ transfer }) => transfer.queuedAt)
      // What was under way when the link closed may end long after.
      .filter((instant) => instant > NOON + 600)
    expect(asked.length).toBeGreaterThan(100)
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(NOON + 4200)
  })
})
