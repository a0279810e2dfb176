import { describe, expect, test } from 'vitest'
import { FaultBook } from '../../api/faults.ts'
import { siteName } from '../../lib/names.ts'
import type { FaultRequest } from '../../lib/streams/control.ts'
import { NOON } from '../support/builders.ts'

function aRequest(changes: Partial<FaultRequest> = {}): FaultRequest {
  return {
    v: 1,
    seq: 1,
    at: NOON - 5,
    type: 'fault',
    kind: 'silent-site',
    scope: { site: siteName('SITE_A') },
    severity: 0.8,
    durationSeconds: 600,
    effectiveAt: NOON,
    hidden: false,
    ...changes,
  }
}

function aBook(...requests: FaultRequest[]): FaultBook {
  const book = new FaultBook()
  for (const request of requests) book.apply(request)
  return book
}

const cancel = (fault: number, at: number) => ({
  v: 1,
  seq: 99,
  at,
  type: 'fault-cancel' as const,
  fault,
  effectiveAt: at + 5,
})

describe('a fault', () => {
  test.each([
    ['before it begins', NOON - 0.001, 'planned'],
    ['when it begins', NOON, 'active'],
    ['just before its end', NOON + 599.999, 'active'],
    ['at its end', NOON + 600, 'ended'],
  ])('%s is %3$s', (_name, now, state) => {
    expect(aBook(aRequest()).find('f-1', now)).toMatchObject({ id: 'f-1', state, plannedEndAt: NOON + 600 })
  })

  test.each([
    ['while planned', NOON - 1, 'cancelled'],
    ['while active', NOON + 599, 'cancelled'],
    ['after its end', NOON + 600, 'ended'],
  ])('that is cancelled %s is %3$s', (_name, at, state) => {
    const book = aBook(aRequest())
    book.apply(cancel(1, at))
    expect(book.find('f-1', NOON + 9999)?.state).toBe(state)
  })

  test('is applied once, however often its line is read', () => {
    const book = aBook(aRequest(), aRequest({ kind: 'other' }))
    book.apply(cancel(1, NOON))
    book.apply(cancel(1, NOON + 60))
    expect(book.list(NOON, true)).toMatchObject([{ kind: 'silent-site', cancelledAt: NOON + 5 }])
  })

  test('that is hidden is listed for those who may see it', () => {
    const book = aBook(aRequest(), aRequest({ seq: 2, hidden: true }))
    expect(book.list(NOON, false).map(({ id }) => id)).toEqual(['f-1'])
    expect(book.list(NOON, true).map(({ id }) => id)).toEqual(['f-2', 'f-1'])
    expect(book.open(NOON)).toHaveLength(2)
  })

  test.each(['f-0', 'f-2', 'f-01', 'f-1 ', 'x-1', 'f-', '', `f-${'9'.repeat(30)}`])('is not found as %j', (id) => {
    expect(aBook(aRequest()).find(id, NOON)).toBeUndefined()
  })

  test('cancelling one that nobody asked for changes nothing', () => {
    const book = aBook(aRequest())
    book.apply(cancel(7, NOON))
    expect(book.find('f-1', NOON)?.state).toBe('active')
  })
})
