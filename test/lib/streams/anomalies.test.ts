import { expect, test } from 'vitest'
import { anomalySchema } from '../../../lib/streams/anomalies.ts'
import { takes } from '../../support/schema.ts'

const good = {
  v: 1,
  seq: 1,
  at: 1_700_000_000,
  type: 'anomaly',
  id: 'forest-SITE_A-1',
  detector: 'forest',
  level: 'transfer',
  transferId: 'SITE_A-1',
  site: 'SITE_A',
  source: 'SITE_A',
  destination: 'SITE_B',
  score: 0.7,
  threshold: 0.6,
  confidence: 0.99,
  severity: 'minor',
  why: 'slow',
  reasons: [],
  sizeBytes: 1,
  bytesTransferred: 1,
  durationSeconds: 1,
  status: 'ok',
}

test.each([
  [{ score: 1 }, true],
  [{ score: 1.0001 }, false],
  [{ score: -0.0001 }, false],
  [{ confidence: 0 }, true],
  [{ severity: 'critical' }, true],
  [{ severity: 'terrible' }, false],
  [{ level: 'link' }, true],
  [{ level: 'world' }, false],
  [{ site: 'site a' }, false],
  [{ why: 'x'.repeat(1024) }, true],
  [{ why: 'x'.repeat(1025) }, false],
  [{ fieldOfANewerMinor: 1 }, true],
])('a verdict with %j is taken: %s', (change, taken) => {
  expect(takes(anomalySchema, good, change)).toBe(taken)
})
