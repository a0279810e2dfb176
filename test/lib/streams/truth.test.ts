import { expect, test } from 'vitest'
import { truthSchema } from '../../../lib/streams/truth.ts'
import { takes } from '../../support/schema.ts'

const line = {
  v: 1,
  seq: 1,
  at: 1_700_000_000,
  type: 'fault-witness',
  fault: 'f-1',
  kind: 'link-brownout',
  scope: { site: 'SITE_A' },
  severity: 0.8,
  plannedStartAt: 1_699_999_000,
  plannedEndAt: 1_699_999_900,
  anomalous: true,
  witness: { measure: 'rate', unit: 'MB/s', with: 4, without: 20, records: 12, tookEffect: true },
}

test.each([
  [{ witness: undefined, type: 'fault-started', startedAt: 1_699_999_000 }, true],
  [{ type: 'fault-imagined' }, false],
  [{ witness: { ...line.witness, tookEffect: 'yes' } }, false],
  [{ witness: { ...line.witness, extra: 1 } }, false],
  [{ plannedEndAt: undefined }, false],
])('truth with %j is taken: %s', (change, taken) => {
  expect(takes(truthSchema, line, change)).toBe(taken)
})
