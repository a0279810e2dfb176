import { expect, test } from 'vitest'
import { isMarked, markOf, type Place, resume } from '../../streaming/resume.ts'

const mark = { offset: 9, timestampMs: 1, crc: 2 }
const place: Place = { incarnation: 'one', offset: 10, mark }

test.each([
  { name: 'nothing saved', place: undefined, first: 4, next: 20, expected: { kind: 'fresh', from: 4 } },
  {
    name: 'another topic',
    place: { ...place, incarnation: 'two' },
    first: 0,
    next: 20,
    expected: { kind: 'recreated', from: 0 },
  },
  { name: 'the end is before the place', place, first: 0, next: 9, expected: { kind: 'recreated', from: 0 } },
  { name: 'the end is the place', place, first: 0, next: 10, expected: { kind: 'verify', from: 9, mark } },
  { name: 'the marked message is the oldest', place, first: 9, next: 20, expected: { kind: 'verify', from: 9, mark } },
  { name: 'the marked message is gone', place, first: 10, next: 20, expected: { kind: 'continue', from: 10 } },
  {
    name: 'one record is gone',
    place,
    first: 11,
    next: 20,
    expected: { kind: 'lost', from: 11, range: { from: 10, to: 11 } },
  },
  {
    name: 'nothing was handled yet',
    place: { incarnation: 'one', offset: 0 },
    first: 0,
    next: 0,
    expected: { kind: 'continue', from: 0 },
  },
])('$name', ({ place: saved, first, next, expected }) => {
  expect(resume(saved, { topic: 't', partition: 0, incarnation: 'one', first, next })).toEqual(expected)
})

test('a message is known again by its offset, time and value', () => {
  const message = { offset: 9, key: 'k', value: Buffer.from('{}'), headers: new Map(), timestampMs: 5 }
  expect(isMarked(message, markOf(message))).toBe(true)
  for (const other of [{ offset: 8 }, { timestampMs: 6 }, { value: Buffer.from('[]') }, { value: undefined }])
    expect(isMarked({ ...message, ...other }, markOf(message))).toBe(false)
})
