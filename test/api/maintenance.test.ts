import { expect, test } from 'vitest'
import { MaintenanceBook } from '../../api/maintenance.ts'
import { siteName } from '../../lib/names.ts'
import { NOON } from '../support/builders.ts'

const event = (seq: number, startsAt = NOON) => ({
  v: 1,
  seq,
  at: NOON - 60,
  type: 'maintenance' as const,
  scope: { site: siteName('SITE_A') },
  startsAt,
  endsAt: startsAt + 60,
})

test.each([
  ['before it begins', NOON - 0.001, 'planned'],
  ['when it begins', NOON, 'active'],
  ['at its end', NOON + 60, 'ended'],
])('a window %s is %3$s', (_name, now, state) => {
  const book = new MaintenanceBook()
  book.apply('api', event(1))
  expect(book.find('m-api-1', now)?.state).toBe(state)
})

test('windows of several writers stand side by side, the one that begins last first', () => {
  const book = new MaintenanceBook()
  book.apply('api', event(1))
  book.apply('SITE_A', event(1, NOON + 100))
  book.apply('SITE_A', event(1, NOON + 200))
  expect(book.list(NOON).map(({ id, startsAt }) => [id, startsAt])).toEqual([
    ['m-SITE_A-1', NOON + 100],
    ['m-api-1', NOON],
  ])
})

test('the oldest announcements are forgotten, so that they can not fill the memory', () => {
  const book = new MaintenanceBook()
  for (let seq = 1; seq <= 2001; seq += 1) book.apply('api', event(seq))
  expect([book.list(NOON).length, book.find('m-api-1', NOON), book.find('m-api-2', NOON)?.id]).toEqual([
    2000,
    undefined,
    'm-api-2',
  ])
})
