import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Intervals } from '../../../lib/staleness/intervals.ts'

function of(...pairs: [number, number][]): Intervals {
  const intervals = new Intervals()
  for (const [from, to] of pairs) intervals.add(from, to)
  return intervals
}

describe('a set of stretches', () => {
  it('merges what overlaps or touches and keeps the rest apart', () => {
    expect(of([10, 20], [30, 40], [20, 25], [38, 50]).list()).toEqual([
      { from: 10, to: 25 },
      { from: 30, to: 50 },
    ])
  })

  it('ignores an empty and a reversed stretch', () => {
    expect(of([10, 10], [20, 5], [Number.NaN, 3]).list()).toEqual([])
  })

  it('covers its first instant and not its last', () => {
    const intervals = of([10, 20])
    expect(intervals.at(9.999)).toBeUndefined()
    expect(intervals.at(10)).toEqual({ from: 10, to: 20 })
    expect(intervals.at(20)).toBeUndefined()
  })

  it('finds when so much uncovered time has passed', () => {
    const intervals = of([10, 20], [25, 30])
    expect(intervals.after(0, 10)).toBe(10)
    expect(intervals.after(0, 11)).toBe(21)
    expect(intervals.after(0, 16)).toBe(31)
    expect(intervals.after(15, 1)).toBe(21)
  })

  it('says the newest end that has passed', () => {
    expect(of([10, 20], [25, 30]).lastEndBy(29)).toBe(20)
    expect(of([10, 20], [25, 30]).lastEndBy(30)).toBe(30)
    expect(of([10, 20]).lastEndBy(19)).toBeUndefined()
  })

  it('counts every second once, in any order of announcement', () => {
    const stretch = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }))
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 20 }), (pairs) => {
        const seconds = new Set<number>()
        for (const [from, to] of pairs) for (let s = from; s < to; s += 1) seconds.add(s)
        expect(of(...pairs).overlap(0, 60)).toBe(seconds.size)
        expect(of(...pairs.toReversed()).list()).toEqual(of(...pairs).list())
      }),
    )
  })
})
