import { describe, expect, it } from 'vitest'
import { slowDrift } from '../../../simulator/faults/slow-drift.ts'
import { runFault } from '../../support/world.ts'

describe('a slow drift', () => {
  it.each([
    [0, 1],
    [0.125, 0.6],
    [0.25, 0.2],
    [1, 0.2],
  ])('of severity 0.8 leaves, after %f of its time, %f of the speed', (progress, speed) => {
    expect(slowDrift.bend({ severity: 0.8, progress }).speed).toBeCloseTo(speed)
  })

  it('slows every minute more than the one before until a quarter of its time is over', () => {
    const { bent, straight, from, to, elsewhere, elsewhereStraight } = runFault({
      kind: 'slow-drift',
      durationSeconds: 3600,
    })
    const longer = (start: number, end: number) => {
      const plain = new Map(straight.map(({ transfer }) => [`${transfer.origin.id} ${transfer.attempt}`, transfer]))
      const ratios = bent.flatMap(({ transfer }) => {
        const twin = plain.get(`${transfer.origin.id} ${transfer.attempt}`)
        const counts = transfer.startedAt >= start && transfer.startedAt < end && transfer.status === 'ok'
        return counts && twin !== undefined ? [Math.log(transfer.durationSeconds / twin.durationSeconds)] : []
      })
      return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
    }
    const part = (to - from) / 8
    const [first, second, third] = [0, 1, 2].map((n) => longer(from + n * part, from + (n + 1) * part))
    expect(first).toBeGreaterThan(0.03)
    expect(second).toBeGreaterThan(2 * (first ?? 0))
    expect(third).toBeGreaterThan(second ?? 0)
    expect(elsewhere).toEqual(elsewhereStraight)
  })
})
