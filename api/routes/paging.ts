import { z } from 'zod'
import { type Issue, invalid } from '../../lib/http/errors.ts'
import type { Key } from '../store/keys.ts'
import { parseCursor } from '../store/pages.ts'

export const cursor = z
  .string()
  .max(200)
  .optional()
  .meta({ description: '`nextCursor` of the page before; later pages stay exact while new items arrive' })

/**
 * The place after which the asked page begins; undefined: at the newest.
 *
 * @param list the letters that a cursor of this list carries
 * @throws HttpError 422 with a cursor that is none of this list, and when `to` is not later than `from`
 */
export function placeOf(
  list: string,
  asked: { cursor?: string | undefined; from?: number | undefined; to?: number | undefined },
): Key | undefined {
  const { cursor: text, from, to } = asked
  const below = text === undefined ? undefined : parseCursor(list, text)
  const issues: Issue[] = []
  if (text !== undefined && below === undefined) {
    const msg = 'must be the nextCursor of a page of this list'
    issues.push({ type: 'cursor_invalid', loc: ['query', 'cursor'], msg, input: text })
  }
  if (from !== undefined && to !== undefined && from >= to) {
    issues.push({ type: 'value_error', loc: ['query', 'to'], msg: 'must be later than from', input: to })
  }
  if (issues.length > 0) throw invalid(issues)
  return below
}
