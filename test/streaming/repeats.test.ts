import { expect, test } from 'vitest'
import { siteName } from '../../lib/names.ts'
import { decodeState, encodeState } from '../../lib/state-bytes.ts'
import { Repeats, SEQ_MEMORY } from '../../streaming/repeats.ts'

const A = siteName('SITE_A')
const B = siteName('SITE_B')

test('a record is new once, for each recorder', () => {
  const repeats = new Repeats()
  expect([1, 3, 3, 2, 1].map((seq) => repeats.isNew(A, seq))).toEqual([true, true, false, true, false])
  expect(repeats.isNew(B, 1)).toBe(true)
})

test.each([
  { seq: 100_000 - SEQ_MEMORY + 1, isNew: true },
  { seq: 100_000 - SEQ_MEMORY, isNew: false },
  { seq: 1, isNew: false },
])('seq $seq after 100,000: new is $isNew', ({ seq, isNew }) => {
  const repeats = new Repeats()
  repeats.isNew(A, 100_000)
  expect(repeats.isNew(A, seq)).toBe(isNew)
})

test('seqs in any order within the memory are each new once, however the state is saved and restored', () => {
  let repeats = new Repeats()
  const seqs = Array.from({ length: 5000 }, (_, i) => 1 + ((i * 7919) % 5000))
  let fresh = 0
  seqs.forEach((seq, i) => {
    if (i % 500 === 0) repeats = Repeats.restore(decodeState(encodeState(repeats.save())))
    if (repeats.isNew(A, seq)) fresh += 1
    expect(repeats.isNew(A, seq)).toBe(false)
  })
  expect(fresh).toBe(5000)
})

test('a jump ahead forgets what was at the same place of the memory before', () => {
  const repeats = new Repeats()
  repeats.isNew(A, 5)
  repeats.isNew(A, 6)
  expect(repeats.isNew(A, 10 * SEQ_MEMORY + 6)).toBe(true)
  expect(repeats.isNew(A, 10 * SEQ_MEMORY + 5)).toBe(true)
})
