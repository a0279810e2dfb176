import { describe, expect, test } from 'vitest'
import { EventRing } from '../../../api/events/ring.ts'

function aRing(events: number, capacity = 4): EventRing {
  const ring = new EventRing(1000, capacity)
  for (let i = 1; i <= events; i += 1) ring.push('transfer', { i })
  return ring
}

describe('the ring', () => {
  test('serialises an event once, as a frame with its id', () => {
    const { frame } = new EventRing(1000, 4).push('freshness', { site: 'SITE_A', note: 'two\nlines' })
    expect(frame.toString()).toBe('id: 1000-1\nevent: freshness\ndata: {"site":"SITE_A","note":"two\\nlines"}\n\n')
  })

  test.each([
    ['1000-0', { from: 1 }],
    ['1000-3', { from: 4 }],
    ['1000-4', { reset: 'unknown' }],
    ['999-1', { reset: 'unknown' }],
    ['1000-1-1', { reset: 'unknown' }],
    ['x', { reset: 'unknown' }],
    ['', { reset: 'unknown' }],
  ])('after three events a client that saw %j goes on with %j', (id, expected) => {
    expect(aRing(3).resume(id)).toEqual(expected)
  })

  test.each([
    ['1000-2', { reset: 'too-old' }],
    ['1000-3', { from: 4 }],
    ['1000-7', { from: 8 }],
  ])('when seven events went through a ring of four, %j goes on with %j', (id, expected) => {
    const ring = aRing(7)
    expect(ring.resume(id)).toEqual(expected)
    expect(ring.headId).toBe('1000-7')
  })
})
