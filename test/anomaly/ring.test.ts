import { describe, expect, test } from 'vitest'
import { Ring } from '../../anomaly/ring.ts'

function filled(count: number, capacity = 4, isFlagged = (_n: number) => false): Ring {
  const ring = new Ring(2, capacity)
  for (let n = 0; n < count; n += 1) ring.push(Float32Array.of(n, -n), isFlagged(n), 1000 + n)
  return ring
}

const firstColumn = (ring: Ring): number[] => {
  const { data, rows, columns } = ring.matrix()
  return Array.from({ length: rows }, (_, row) => data[row * columns] as number).sort((a, b) => a - b)
}

describe('the training window', () => {
  test.each([
    [0, []],
    [3, [0, 1, 2]],
    [4, [0, 1, 2, 3]],
    [5, [1, 2, 3, 4]],
    [23, [19, 20, 21, 22]],
  ])('after %i rows holds the newest', (count, expected) => {
    const ring = filled(count)
    expect(firstColumn(ring)).toEqual(expected)
    expect(ring.length).toBe(expected.length)
  })

  test('forgets a flag with its row', () => {
    expect(filled(4, 4, (n) => n === 0).flaggedShare).toBe(0.25)
    expect(filled(5, 4, (n) => n === 0).flaggedShare).toBe(0)
    expect(new Ring(2, 4).flaggedShare).toBe(0)
  })

  test('knows the period of its rows, also when they came out of order', () => {
    const ring = new Ring(1, 3)
    for (const endedAt of [50, 10, 30, 20]) ring.push(Float32Array.of(0), false, endedAt)
    expect(ring.period()).toEqual({ from: 10, to: 30 })
  })

  test.each([0, 3, 4, 5, 8, 11])('goes on after a restart at row %i as if nothing had happened', (cut) => {
    const whole = filled(cut, 4, (n) => n % 3 === 0)
    const restored = Ring.restore(2, 4, whole.save())
    for (let n = cut; n < cut + 6; n += 1) {
      for (const ring of [whole, restored]) ring.push(Float32Array.of(n, -n), n % 3 === 0, 1000 + n)
      expect(restored.matrix()).toEqual(whole.matrix())
      expect(restored.flaggedShare).toBe(whole.flaggedShare)
      expect(restored.period()).toEqual(whole.period())
    }
  })
})
