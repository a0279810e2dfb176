import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RowProblem, rowReasons } from '../../../exporters/import/format.ts'

test('every reason for quarantine is explained in the documentation', () => {
  const page = readFileSync(new URL('../../../docs/import.md', import.meta.url), 'utf8')
  for (const reason of rowReasons) expect(page).toContain(`\`${reason}\``)
})

test('a problem of a row carries its reason', () => {
  const problem = new RowProblem('zero-duration')
  expect([problem.reason, problem.message]).toEqual(['zero-duration', 'zero-duration'])
})
