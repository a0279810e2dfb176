import { describe, expect, test } from 'vitest'
import { people, toReasons, toSentence } from '../../anomaly/explanation.ts'
import { Features, type Observation } from '../../anomaly/features.ts'
import { at, FEATURES } from '../../anomaly/measurement.ts'
import type { Reason } from '../../lib/streams/anomalies.ts'
import { isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

const slowRate: Reason = {
  ...{ feature: 'rate', value: 3.123, unit: 'MB/s', usualLow: 19.2, usualHigh: 24.4 },
  ...{ direction: 'low', z: -6.21, share: 0.7051 },
}

describe('the sentence', () => {
  test('names value, usual range, z and share of the score', () => {
    expect(toSentence([slowRate])).toBe('rate 3.1 MB/s, usually 19–24, z −6.2: 71 % of the score')
  })

  test('has a clause for each reason', () => {
    const queued: Reason = {
      ...slowRate,
      feature: 'queue',
      value: 612,
      unit: 's',
      usualLow: 0,
      usualHigh: 0,
      z: 12,
      share: 0.2,
    }
    expect(toSentence([slowRate, queued])).toBe(
      'rate 3.1 MB/s, usually 19–24, z −6.2: 71 % of the score; queue 612 s, usually 0, z 12: 20 % of the score',
    )
  })
})

test.each([
  [0, '0'],
  [-0.000_01, '−0.00001'],
  [0.034_567, '0.035'],
  [3.149, '3.1'],
  [99.4, '99'],
  [123.4, '123'],
  [-1234.5, '−1235'],
  [1e6, '1000000'],
])('people read %d as %s', (value, text) => {
  expect(people(value)).toBe(text)
})

describe('reasons', () => {
  const features = new Features()
  const stream = transferStream({ records: 1500, failureShare: 0 })
  for (const record of stream) {
    features.observe(record)
    features.learn(record)
  }
  const usual = stream.findLast((record) => isOnLink(record, 'SITE_A', 'SITE_B'))
  if (usual === undefined) throw new Error('no record on the link')
  const all = Array.from({ length: FEATURES }, (_, feature) => ({ feature, drop: 1, share: 1 / FEATURES }))

  function reasonFor(observation: Observation, feature: number): Reason {
    const [reason] = toReasons(observation, [{ feature, drop: 1, share: 1 }])
    if (reason === undefined) throw new Error('no reason')
    return reason
  }

  test('are the three strongest', () => {
    expect(toReasons(features.observe(usual), all).length).toBe(3)
    expect(toReasons(features.observe(usual), [])).toEqual([])
  })

  test.each([
    [0.1, 2],
    [0.099, 1],
  ])('that explain %d of the score leave %i to be said', (share, said) => {
    const found = [
      { feature: at.rate, drop: 1, share: 1 - share },
      { feature: at.size, drop: 0.1, share },
    ]
    expect(toReasons(features.observe(usual), found).length).toBe(said)
  })

  test('tell the rate in MB/s as it was, against what is usual for a file of that size', () => {
    const slow = slowedRecord(usual, 20)
    const rate = reasonFor(features.observe(slow), at.rate)
    expect(rate.value).toBeCloseTo(slow.bytesTransferred / slow.durationSeconds / 1e6, 3)
    const asUsual = usual.bytesTransferred / usual.durationSeconds / 1e6
    expect(rate.usualLow).toBeLessThan(rate.usualHigh)
    expect(rate.usualLow).toBeGreaterThan(asUsual / 4)
    expect(rate.usualHigh).toBeLessThan(asUsual * 4)
    expect(rate).toMatchObject({ feature: 'rate', unit: 'MB/s', direction: 'low' })
    expect(rate.z).toBeLessThan(-4)
  })

  test('tell queue and first byte in seconds', () => {
    const held = { ...usual, queuedAt: usual.startedAt - 900, firstByteSeconds: 45 }
    const observation = features.observe(held)
    expect(reasonFor(observation, at.queue).value).toBeCloseTo(900, 0)
    expect(reasonFor(observation, at.firstByte).value).toBeCloseTo(45, 3)
    expect(reasonFor(observation, at.queue)).toMatchObject({ unit: 's', direction: 'high' })
  })

  test('tell the size in MB', () => {
    expect(reasonFor(features.observe(usual), at.size)).toMatchObject({ feature: 'size', unit: 'MB' })
    expect(reasonFor(features.observe(usual), at.size).value).toBeCloseTo(usual.sizeBytes / 1e6, 2)
  })
})
