import { describe, expect, test } from 'vitest'
import { Features } from '../../anomaly/features.ts'
import { LinkWatch } from '../../anomaly/link-watch.ts'
import { failureVerdict, LINK_THRESHOLD, shiftVerdict, transferVerdict } from '../../anomaly/verdicts.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { anomalySchema } from '../../lib/streams/anomalies.ts'
import { aTransfer } from '../support/builders.ts'
import { failedRecord, isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

const record: TransferRecord = { ...aTransfer(), v: 1, seq: 41, id: 'SITE_A-41' }

function aWatch(of: { failed?: number; z?: number }): LinkWatch {
  const watch = new LinkWatch()
  for (let i = 0; i < 300; i += 1) watch.observe(record, { z: (i % 3) - 1, decades: 0 }, false)
  for (let i = 0; i < 30; i += 1) {
    if (of.failed !== undefined && i % 10 < 10 * of.failed) watch.observe(failedRecord(record), undefined, false)
    else watch.observe(record, { z: of.z ?? 0, decades: 0.1 * (of.z ?? 0) }, false)
  }
  return watch
}

describe('a verdict on a link', () => {
  test('about failures says how many, how many are usual, and with which error', () => {
    const verdict = failureVerdict(record, aWatch({ failed: 0.9 }), 0.7)
    expect(verdict).toMatchObject({
      ...{ id: 'failure-share-SITE_A-41', level: 'link', transferId: 'SITE_A-41', severity: 'critical' },
      ...{ score: 0.7, threshold: LINK_THRESHOLD, at: record.endedAt },
    })
    expect(verdict.why).toMatch(
      /^\d+ % of the last attempts on this link failed, usually [\d.]+ %, mostly destination\/no_space$/,
    )
    expect(verdict.reasons[0]).toMatchObject({ feature: 'failures', direction: 'high', share: 1 })
  })

  test('about its rate says how much is left', () => {
    const verdict = shiftVerdict(record, aWatch({ z: -3 }), 0.6)
    expect(verdict).toMatchObject({ id: 'throughput-shift-SITE_A-41', level: 'link', severity: 'major' })
    expect(verdict.why).toMatch(
      /^the link as a whole runs at 5\d % of its usual rate for files of the same size, usually 81–123 %$/,
    )
    expect(verdict.reasons[0]).toMatchObject({ feature: 'rate', direction: 'low', share: 1 })
    expect(verdict.reasons[0]?.z).toBeLessThan(-2)
  })

  test('is the surer the more evidence there is', () => {
    const [less, more] = [aWatch({ z: -1.5 }), aWatch({ z: -3 })].map(
      (watch) => shiftVerdict(record, watch, 0.6).confidence,
    )
    expect(more).toBeGreaterThanOrEqual(less ?? 1)
    expect(more).toBeGreaterThan(0.99)
    expect(more).toBeLessThanOrEqual(1)
  })
})

describe('a verdict on a transfer', () => {
  const seen = transferStream({ records: 1500 })
  const features = new Features()
  for (const one of seen) {
    features.observe(one)
    features.learn(one)
  }
  const usual = seen.findLast((one) => isOnLink(one, 'SITE_A', 'SITE_B') && one.status === 'ok') as TransferRecord
  const slow = slowedRecord(usual, 20)

  test('says what was strange about it in a sentence that people can read', () => {
    const found = { detector: 'forest', score: 0.71, threshold: 0.6, model: undefined }
    const verdict = transferVerdict(slow, features.observe(slow), found)
    expect(verdict).toMatchObject({ id: `forest-${slow.id}`, level: 'transfer', score: 0.71, threshold: 0.6 })
    expect(verdict.why).toMatch(/rate [\d.]+ MB\/s, usually [\d.]+–[\d.]+, z −[\d.]+: \d+ % of the score/)
    expect(verdict.reasons.length).toBeGreaterThan(0)
    expect(verdict.reasons.length).toBeLessThanOrEqual(3)
  })

  test('carries what the old files need of the transfer, and fits the log', () => {
    const found = { detector: 'forest', score: 0.71, threshold: 0.6, model: undefined }
    const verdict = transferVerdict(slow, features.observe(slow), found)
    const { sizeBytes, bytesTransferred, durationSeconds, status } = slow
    expect(verdict).toMatchObject({ sizeBytes, bytesTransferred, durationSeconds, status })
    expect(anomalySchema.safeParse({ ...verdict, v: 1, seq: 1 }).success).toBe(true)
  })
})
