import { expect, it } from 'vitest'
import { judge, startOf } from '../../../streaming/kafka/places.ts'

const range = { partition: 0, first: 10, next: 20 }

it.each([
  [9, { offset: 10, lost: { from: 9, to: 10 } }],
  [10, { offset: 10 }],
  [20, { offset: 20 }],
  [21, { offset: 10, lost: { from: 21, to: 10 } }],
])('reading that asks for %d of 10..19 begins where it can, and what is lost is said', (wanted, start) => {
  expect(startOf(wanted, range)).toEqual(start)
})

it.each([
  ['a hole of the log is no loss', 12, 15, { kind: 'take' }],
  ['the oldest records were removed', 9, 10, { kind: 'lost', lost: { from: 9, to: 10 } }],
  ['removed, and further on since', 5, 8, { kind: 'lost', lost: { from: 5, to: 8 } }],
  ['a late answer', 15, 12, { kind: 'stale' }],
  ['a late answer at the end', 20, 19, { kind: 'stale' }],
  ['a topic that ends before the place', 21, 10, { kind: 'recreated' }],
])('%s', (_, expected, first, judgement) => {
  expect(judge(expected, first, range)).toEqual(judgement)
})
