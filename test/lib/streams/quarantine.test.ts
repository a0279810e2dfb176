import { expect, test } from 'vitest'
import { quarantineSchema } from '../../../lib/streams/quarantine.ts'
import { takes } from '../../support/schema.ts'

const line = {
  v: 1,
  seq: 1,
  at: 0,
  type: 'quarantined',
  reason: 'bad-time',
  origin: 'log.csv',
  line: 2,
  bytes: 9,
  text: 'a',
}

test.each([
  [{ line: undefined, offset: 0 }, true],
  [{ line: 0 }, false],
  [{ offset: -1 }, false],
  [{ reason: '' }, false],
  [{ bytes: 1.5 }, false],
  [{ text: '' }, true],
])('a quarantined line with %j is taken: %s', (change, taken) => {
  expect(takes(quarantineSchema, line, change)).toBe(taken)
})
