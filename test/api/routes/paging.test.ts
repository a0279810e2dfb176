import { describe, expect, test } from 'vitest'
import { placeOf } from '../../../api/routes/paging.ts'
import { toCursor } from '../../../api/store/pages.ts'
import { HttpError } from '../../../lib/http/errors.ts'

function issuesOf(asked: Parameters<typeof placeOf>[1]): unknown {
  try {
    return placeOf('t', asked)
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    return error.issues?.map(({ type, loc }) => [type, loc])
  }
}

describe('the place where a page begins', () => {
  const key = { at: 12.5, seq: 7, writer: 'SITE_A' }

  test('is the newest without a cursor, and what the cursor says with one', () => {
    expect(placeOf('t', {})).toBeUndefined()
    expect(placeOf('t', { cursor: toCursor('t', key), from: 1, to: 2 })).toEqual(key)
  })

  test('all that is wrong is told at once', () => {
    expect(issuesOf({ cursor: toCursor('w', key), from: 2, to: 2 })).toEqual([
      ['cursor_invalid', ['query', 'cursor']],
      ['value_error', ['query', 'to']],
    ])
  })
})
