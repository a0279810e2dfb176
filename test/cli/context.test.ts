import { expect, test } from 'vitest'
import { type CliContext, reportFailure, table } from '../../cli/context.ts'
import { DtmsError } from '../../lib/errors.ts'

function aContext(): CliContext & { errors: string[] } {
  const errors: string[] = []
  return { env: {}, out: () => {}, err: (text) => errors.push(text), terminal: false, errors }
}

test('an expected failure is told with its next step and no stack', () => {
  const context = aContext()
  const code = reportFailure(context, new DtmsError('config.invalid', 'PORT: must be a number', { hint: 'set it' }))
  expect(code).toBe(2)
  expect(context.errors).toEqual(['dtms: PORT: must be a number', '      set it'])
})

test('an unexpected failure shows its stack and asks for a report', () => {
  const context = aContext()
  expect(reportFailure(context, new TypeError('x is undefined'))).toBe(1)
  expect(context.errors.join('\n')).toContain('TypeError: x is undefined')
  expect(context.errors.join('\n')).toContain('please report')
})

test('a table aligns numbers to the right and text to the left', () => {
  expect(
    table(
      ['site', 'records'],
      [
        ['SITE_A', 5],
        ['B', 1234],
      ],
    ),
  ).toBe('site    records\nSITE_A        5\nB          1234')
})
