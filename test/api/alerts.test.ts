import { describe, expect, test } from 'vitest'
import { AlertBook } from '../../api/alerts.ts'
import { aFiringLine, aResolvedLine } from '../support/alerts.ts'
import { NOON } from '../support/builders.ts'

describe('an alert', () => {
  test('fires, and is over under the same id', () => {
    const book = new AlertBook()
    expect(book.apply(aFiringLine())).toMatchObject({
      ...{ id: 'a-1', state: 'firing', severity: 'critical', name: 'SiteSilent', layer: 'freshness' },
      ...{ summary: 'SITE_B is silent', firedAt: NOON + 5, resolvedAt: null, startsAt: NOON, endsAt: null },
    })
    expect(book.apply(aResolvedLine())).toMatchObject({
      ...{ id: 'a-1', state: 'resolved', firedAt: NOON + 5, resolvedAt: NOON + 65, endsAt: NOON + 60 },
    })
    expect(book.list({ limit: 10 })).toHaveLength(1)
  })

  test('whose firing line has been deleted keeps the id that it had', () => {
    const book = new AlertBook()
    expect(book.apply(aResolvedLine({ seq: 9, firing: 4 }))).toMatchObject({ id: 'a-4', firedAt: null })
  })

  test('that nobody saw firing is named by the line that tells of its end', () => {
    const book = new AlertBook()
    const { firing: _firing, ...line } = aResolvedLine({ seq: 9 })
    expect(book.apply(line)?.id).toBe('a-9')
  })

  test('is not applied twice', () => {
    const book = new AlertBook()
    book.apply(aFiringLine())
    expect([book.apply(aFiringLine()), book.list({ limit: 10 }).length]).toEqual([undefined, 1])
  })

  test.each([
    ['critical', 'critical'],
    ['none', 'none'],
    ['page', '_other'],
    ['', '_other'],
    [undefined, '_other'],
    ['toString', '_other'],
  ])('with severity %s counts as %s', (text, severity) => {
    const book = new AlertBook()
    const labels: Record<string, string> = text === undefined ? {} : { severity: text }
    expect(book.apply(aFiringLine({ labels }))?.severity).toBe(severity)
    expect(book.firing().get(severity as '_other')).toBe(1)
  })
})

describe('the list', () => {
  const aBook = () => {
    const book = new AlertBook()
    book.apply(aFiringLine({ seq: 1, fingerprint: 'a' }))
    book.apply(aFiringLine({ seq: 2, fingerprint: 'b', labels: { severity: 'warning' } }))
    book.apply(aFiringLine({ seq: 3, fingerprint: 'c' }))
    book.apply(aResolvedLine({ seq: 4, fingerprint: 'a', firing: 1 }))
    return book
  }
  test.each([
    ['everything, newest first', { limit: 9 }, ['a-3', 'a-2', 'a-1']],
    ['no more than asked for', { limit: 2 }, ['a-3', 'a-2']],
    ['what fires', { limit: 9, state: 'firing' as const }, ['a-3', 'a-2']],
    ['what is over', { limit: 9, state: 'resolved' as const }, ['a-1']],
    ['one severity', { limit: 9, severity: 'warning' as const }, ['a-2']],
    ['what is below a place', { limit: 9, belowSeq: 3 }, ['a-2', 'a-1']],
  ])('holds %s', (_name, query, ids) => {
    expect(
      aBook()
        .list(query)
        .map(({ view }) => view.id),
    ).toEqual(ids)
  })

  test('counts what fires by severity', () => {
    expect(Object.fromEntries(aBook().firing())).toEqual({ critical: 1, warning: 1, info: 0, none: 0, _other: 0 })
  })

  test('holds no more text than fits, however long its alerts are', () => {
    const book = new AlertBook(100, 3000)
    const annotations = { description: 'x'.repeat(1000) }
    for (let seq = 1; seq <= 5; seq += 1) book.apply(aFiringLine({ seq, fingerprint: `f${seq}`, annotations }))
    expect(book.list({ limit: 9 }).map(({ view }) => view.id)).toEqual(['a-5', 'a-4'])
  })

  test('forgets what is over before what fires, so that neither can fill the memory', () => {
    const book = new AlertBook(2)
    book.apply(aFiringLine({ seq: 1, fingerprint: 'a' }))
    book.apply(aFiringLine({ seq: 2, fingerprint: 'b' }))
    book.apply(aResolvedLine({ seq: 3, fingerprint: 'b', firing: 2 }))
    book.apply(aFiringLine({ seq: 4, fingerprint: 'c' }))
    expect(book.list({ limit: 9 }).map(({ view }) => view.id)).toEqual(['a-4', 'a-1'])
    book.apply(aFiringLine({ seq: 5, fingerprint: 'd' }))
    expect([book.list({ limit: 9 }).map(({ view }) => view.id), book.newest('a')]).toEqual([['a-5', 'a-4'], undefined])
  })
})
