import { expect, test } from 'vitest'
import { CorrelationBook } from '../../api/correlations.ts'
import { aCorrelationRun } from '../support/correlations.ts'

test('the newest run is kept whole, earlier ones without their curves', () => {
  const book = new CorrelationBook()
  expect([book.newest, book.newestSummary, book.history(10)]).toEqual([undefined, undefined, []])
  book.apply(aCorrelationRun(1))
  book.apply(aCorrelationRun(2))
  expect(book.newest).toMatchObject({ seq: 2, items: [{ lags: [{ lagMinutes: 0 }] }, {}, {}] })
  expect(book.history(10).map(({ seq }) => seq)).toEqual([2, 1])
  expect(JSON.stringify(book.history(10))).not.toContain('lags')
})

test('the history is read backwards from a run', () => {
  const book = new CorrelationBook()
  for (let seq = 1; seq <= 5; seq += 1) book.apply(aCorrelationRun(seq))
  expect(book.history(2).map(({ seq }) => seq)).toEqual([5, 4])
  expect(book.history(2, 4).map(({ seq }) => seq)).toEqual([3, 2])
  expect(book.history(2, 1)).toEqual([])
})

test('a week of runs is kept', () => {
  const book = new CorrelationBook()
  for (let seq = 1; seq <= 1009; seq += 1) book.apply(aCorrelationRun(seq))
  expect(book.history(2000).at(-1)?.seq).toBe(2)
})
