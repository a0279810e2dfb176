import { expect, test } from 'vitest'
import { eventSchema } from '../../../lib/streams/events.ts'
import { takes } from '../../support/schema.ts'

const paused = { v: 1, seq: 1, at: 1_700_000_000, type: 'paused', from: 1_699_990_000, to: 1_700_000_000 }
const window = {
  v: 1,
  seq: 2,
  at: 1_700_000_000,
  type: 'maintenance',
  scope: { site: 'SITE_A' },
  startsAt: 1_700_000_060,
  endsAt: 1_700_000_600,
}

test.each([
  [paused, { from: -1 }, false],
  [paused, { to: 'now' }, false],
  [paused, { type: 'stopped' }, false],
  [window, { note: 'x'.repeat(1024) }, true],
  [window, { note: 'x'.repeat(1025) }, false],
  [window, { scope: { platform: true } }, true],
  [window, { endsAt: undefined }, false],
])('%j with %j is taken: %s', (good, change, taken) => {
  expect(takes(eventSchema, good, change)).toBe(taken)
})
