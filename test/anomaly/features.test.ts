import { describe, expect, test } from 'vitest'
import { Features, isMissing, MAX_LINKS, rateResidualOf } from '../../anomaly/features.ts'
import { at, FEATURES } from '../../anomaly/measurement.ts'
import { linkKey, siteName } from '../../lib/names.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { failedRecord, isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

const stream = transferStream({ records: 2400, failureShare: 0 })
const late = stream.slice(2000)
const onAToB = (record: TransferRecord): boolean => isOnLink(record, 'SITE_A', 'SITE_B')
const aToB = linkKey(siteName('SITE_A'), siteName('SITE_B'))

function taught(records: readonly TransferRecord[], features = new Features()): Features {
  for (const record of records) {
    features.observe(record)
    features.learn(record)
  }
  return features
}

const zOf = (features: Features, record: TransferRecord, feature: number): number =>
  features.observe(record).z[feature] as number

function meanAndSd(values: readonly number[]): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)]
}

describe('features', () => {
  test('of ordinary transfers lie around 0 with a standard deviation of about 1', () => {
    const features = taught(stream.slice(0, 2000))
    for (const feature of [at.size, at.rate, at.firstByte]) {
      const values = late.map((record) => {
        const z = zOf(features, record, feature)
        features.learn(record)
        return z
      })
      const [mean, sd] = meanAndSd(values)
      expect(Math.abs(mean)).toBeLessThan(0.35)
      expect(sd).toBeGreaterThan(0.6)
      expect(sd).toBeLessThan(1.5)
    }
  })

  test('of a link that is always slower than the others are no different', () => {
    // SITE_B to SITE_A runs at 80 MB/s, SITE_A to SITE_C at 140: each is compared with itself.
    const features = taught(stream.slice(0, 2000))
    for (const [source, destination] of [
      ['SITE_B', 'SITE_A'],
      ['SITE_A', 'SITE_C'],
    ] as const) {
      const own = late.filter((record) => isOnLink(record, source, destination))
      expect(Math.abs(meanAndSd(own.map((record) => zOf(features, record, at.rate)))[0])).toBeLessThan(0.5)
    }
  })

  test('tell a slow transfer from a fast one, whatever its size', () => {
    const features = taught(stream.slice(0, 2000))
    for (const record of late.filter(onAToB).slice(0, 20))
      expect(zOf(features, slowedRecord(record, 10), at.rate)).toBeLessThan(zOf(features, record, at.rate) - 2)
  })

  test('are limited, however wild the value', () => {
    const features = taught(stream.slice(0, 2000))
    const [record] = late.filter(onAToB)
    if (record === undefined) throw new Error('no record')
    expect(zOf(features, slowedRecord(record, 1e9), at.rate)).toBe(-12)
    expect(zOf(features, { ...record, queuedAt: 0 }, at.queue)).toBe(12)
  })

  test('as the forest sees them hardly tell what is harmless, and tell trouble in full', () => {
    const features = taught(stream.slice(0, 2000))
    const [record] = late.filter(onAToB)
    if (record === undefined) throw new Error('no record')
    const fast = Float32Array.from(features.observe(slowedRecord(record, 0.05)).row)
    expect(fast[at.rate]).toBeLessThanOrEqual(1)
    const slow = features.observe(slowedRecord(record, 20))
    expect(slow.row[at.rate]).toBe(slow.z[at.rate])
  })

  test('that were not measured are marked and lie in the middle', () => {
    const features = taught(stream.slice(0, 2000))
    const [record] = late
    if (record === undefined) throw new Error('no record')
    const observation = features.observe(failedRecord(record))
    for (const feature of [at.rate, at.firstByte, at.loss, at.rtt]) {
      expect(isMissing(observation, feature)).toBe(true)
      expect(observation.row[feature]).toBe(0)
    }
    expect(isMissing(observation, at.size)).toBe(false)
    expect(rateResidualOf(observation)).toBeUndefined()
  })

  test('say nothing at first', () => {
    const [record] = stream
    if (record === undefined) throw new Error('no record')
    const observation = new Features().observe(record)
    for (let feature = 0; feature < FEATURES; feature += 1) expect(isMissing(observation, feature)).toBe(true)
    expect([...observation.row]).toEqual(new Array(FEATURES).fill(0))
  })

  test('are computed before the record is learnt: asking twice gives the same answer', () => {
    const features = taught(stream.slice(0, 2000))
    for (const record of late.slice(0, 20)) {
      const once = structuredClone(features.observe(record))
      expect(features.observe(record)).toEqual(once)
    }
  })

  test('of a new link lean on the links to the same destination', () => {
    const features = taught(stream.slice(0, 2000))
    const [record] = late.filter(onAToB)
    if (record === undefined) throw new Error('no record')
    const stranger = { ...record, source: siteName('SITE_Z') }
    const observation = features.observe(slowedRecord(stranger, 20))
    expect(isMissing(observation, at.rate)).toBe(false)
    expect(observation.z[at.rate]).toBeLessThan(-4)
  })
})

describe('learning', () => {
  const slow = late.filter(onAToB).map((record) => slowedRecord(record, 8))

  test('refused records do not become usual', () => {
    const features = taught(stream.slice(0, 2000))
    const before = zOf(features, slow[0] as TransferRecord, at.rate)
    for (const record of slow) {
      features.observe(record)
      features.refuse(record)
    }
    expect(Math.abs(zOf(features, slow[0] as TransferRecord, at.rate) - before)).toBeLessThan(1)
  })

  test('a confirmed change does at once, and the speed of before is then unusually fast', () => {
    const features = taught(stream.slice(0, 2000))
    for (const record of slow) {
      features.observe(record)
      features.refuse(record)
    }
    features.adopt(aToB)
    const [mean] = meanAndSd(slow.slice(-30).map((record) => zOf(features, record, at.rate)))
    expect(Math.abs(mean)).toBeLessThan(1.5)
    const [former] = meanAndSd(late.filter(onAToB).map((record) => zOf(features, record, at.rate)))
    expect(former).toBeGreaterThan(2)
  })

  test('a change of a link that nobody knows changes nothing', () => {
    const features = taught(stream.slice(0, 100))
    const before = structuredClone(features.save())
    features.adopt(linkKey(siteName('SITE_X'), siteName('SITE_Y')))
    expect(features.save()).toEqual(before)
  })

  test('goes on after a restart as if nothing had happened', () => {
    const features = taught(stream.slice(0, 1500))
    const restored = Features.restore(structuredClone(features.save()))
    for (const record of stream.slice(1500)) {
      expect(restored.observe(record)).toEqual(features.observe(record))
      features.learn(record)
      restored.learn(record)
    }
    expect(restored.save()).toEqual(features.save())
  })
})

test('links and destinations beyond the cap share their baselines: input cannot grow the process', () => {
  const [record] = stream
  if (record === undefined) throw new Error('no record')
  const many = Array.from({ length: 2 * MAX_LINKS }, (_, n) => ({ ...record, destination: siteName(`D${n}`) }))
  const features = taught(many)
  expect(features.links).toBeLessThanOrEqual(MAX_LINKS + 1)
  expect(features.save().classes.length).toBeLessThanOrEqual(MAX_LINKS + 1)
})
