import { expect, test } from 'vitest'
import { controlSchema } from '../../../lib/streams/control.ts'
import { takes } from '../../support/schema.ts'

const fault = {
  v: 1,
  seq: 1,
  at: 1_700_000_000,
  type: 'fault',
  kind: 'none',
  scope: { platform: true },
  severity: 0.8,
  durationSeconds: 60,
  effectiveAt: 1_700_000_005,
  hidden: false,
}

test.each([
  [{ severity: 1 }, true],
  [{ severity: 0 }, false],
  [{ severity: 1.01 }, false],
  [{ durationSeconds: 0 }, false],
  [{ scope: { site: 'SITE_A' } }, true],
  [{ scope: { site: 'SITE_A', source: 'SITE_B' } }, false],
  [{ scope: {} }, false],
  [{ hidden: 'no' }, false],
])('a fault request with %j is taken: %s', (change, taken) => {
  expect(takes(controlSchema, fault, change)).toBe(taken)
})

test.each([
  [{ speed: 10_000 }, true],
  [{ speed: 0 }, false],
  [{ speed: 10_001 }, false],
])('a change of speed with %j is taken: %s', (change, taken) => {
  const speed = { v: 1, seq: 1, at: 1_700_000_000, type: 'speed', effectiveAt: 1_700_000_005, speed: 50 }
  expect(takes(controlSchema, speed, change)).toBe(taken)
})

test('a cancellation names the fault by its number', () => {
  const cancel = { v: 1, seq: 2, at: 1_700_000_000, type: 'fault-cancel', fault: 1, effectiveAt: 1_700_000_005 }
  expect(takes(controlSchema, cancel, {})).toBe(true)
  expect(takes(controlSchema, cancel, { fault: 0 })).toBe(false)
})
