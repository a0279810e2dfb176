import { expect, test } from 'vitest'
import { z } from 'zod'
import { issuesOf } from '../../../lib/http/errors.ts'

const schema = z.strictObject({
  name: z.string().min(2).max(4),
  count: z.number().min(1).max(9),
  kind: z.enum(['a', 'b']),
  only: z.literal(true),
  code: z.string().regex(/^x/),
  either: z.union([z.string(), z.boolean()]),
  deep: z.strictObject({ list: z.array(z.number()) }),
})
const good = { name: 'abc', count: 5, kind: 'a', only: true, code: 'x', either: 'y', deep: { list: [1] } }

test.each([
  ['a missing field', { ...good, name: undefined }, 'missing', ['body', 'name'], null],
  ['another type', { ...good, name: 7 }, 'string_type', ['body', 'name'], 7],
  ['a text that is too short', { ...good, name: 'a' }, 'string_too_short', ['body', 'name'], 'a'],
  ['a text that is too long', { ...good, name: 'abcde' }, 'string_too_long', ['body', 'name'], 'abcde'],
  ['a number below the range', { ...good, count: 0 }, 'greater_than_equal', ['body', 'count'], 0],
  ['a number above the range', { ...good, count: 10 }, 'less_than_equal', ['body', 'count'], 10],
  ['an unknown choice', { ...good, kind: 'c' }, 'enum', ['body', 'kind'], 'c'],
  ['another literal', { ...good, only: false }, 'literal_error', ['body', 'only'], false],
  ['a text of another form', { ...good, code: 'y' }, 'string_pattern_mismatch', ['body', 'code'], 'y'],
  ['neither of two types', { ...good, either: 7 }, 'union_error', ['body', 'either'], 7],
  ['a fault deep inside', { ...good, deep: { list: [1, 'b'] } }, 'number_type', ['body', 'deep', 'list', 1], 'b'],
  ['an extra field', { ...good, more: 'z' }, 'extra_forbidden', ['body', 'more'], 'z'],
])('%s is named with its place and what was sent', (_name, value, type, loc, input) => {
  const parsed = schema.safeParse(value)
  expect(parsed.success).toBe(false)
  if (!parsed.success)
    expect(issuesOf(parsed.error, 'body', value)).toEqual([{ type, loc, msg: expect.any(String), input }])
})

test('long input is not echoed whole', () => {
  const name = 'n'.repeat(60_000)
  const value = { ...good, name, deep: { list: [], extra: { text: name } } }
  const parsed = schema.safeParse(value)
  if (parsed.success) throw new Error('must fail')
  expect(JSON.stringify(issuesOf(parsed.error, 'body', value)).length).toBeLessThan(1000)
})
