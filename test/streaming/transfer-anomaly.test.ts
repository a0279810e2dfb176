import { describe, expect, test } from 'vitest'
import type { ZVerdict } from '../../lib/detect/zscore.ts'
import { anomaliesCodec } from '../../lib/streams/codecs.ts'
import { toAnomaly } from '../../streaming/transfer-anomaly.ts'
import { aTransfer } from '../support/builders.ts'
import { toStreamEvent } from '../support/streamed-records.ts'

/** 1 GB in 10 s: 100 MB/s where 200 MB/s are usual. */
const event = toStreamEvent({ ...aTransfer(), v: 1, seq: 5, id: 'SITE_A-5' })
const USUAL = 200e6

function aVerdict(changes: Partial<ZVerdict> = {}): ZVerdict {
  return {
    ...{ anomalous: true, beyond: true, threshold: 0.5, score: 0.55, height: 3.6, z: -3.6, channel: 'level' },
    ...{ value: Math.log(0.5), center: 0, scale: 0.19 },
    ...changes,
  }
}

describe('the line for a verdict', () => {
  test('names the transfer, the rate, and what is usual for its size', () => {
    const line = toAnomaly(event, aVerdict(), USUAL)
    expect(line).toMatchObject({
      ...{ id: 'zscore-SITE_A-5', detector: 'zscore', level: 'transfer', transferId: 'SITE_A-5' },
      ...{ source: 'SITE_A', destination: 'SITE_B', sizeBytes: 1e9, durationSeconds: 10, status: 'ok' },
    })
    expect(line.why).toBe('rate 100 MB/s, usually 157–255 for this size, z −3.6')
  })

  test.each([
    ['difference', 'rate for its size 50 % of that of the transfer before, usually 78–128 %, z −3.6'],
    [
      'mean',
      'the newest transfers of this link run at 50 % of the usual rate for their sizes, usually 78–128 %, z −3.6',
    ],
    ['spread', 'the rates of the newest transfers of this link lie 0.5 times apart, usually 0.78–1.3 times, z −3.6'],
  ] as const)('says what was unusual: %s', (channel, why) => {
    expect(toAnomaly(event, aVerdict({ channel }), USUAL).why).toBe(why)
  })

  test.each([
    [1, 'minor'],
    [1.49, 'minor'],
    [1.5, 'major'],
    [2.49, 'major'],
    [2.5, 'critical'],
    [1e6, 'critical'],
  ])('%f times the threshold is %s', (times, severity) => {
    expect(toAnomaly(event, aVerdict({ score: times / (times + 1) }), USUAL).severity).toBe(severity)
  })

  test.each([
    [0, 0],
    [3, 0.9892],
    [30, 1],
  ])('a height of %f is believed to %f', (height, confidence) => {
    expect(toAnomaly(event, aVerdict({ height }), USUAL).confidence).toBeCloseTo(confidence, 4)
  })

  test.each([0, 1e6, -1e6])('can be written however wild: %d', (z) => {
    const wild = aVerdict({ z, value: z, center: -z, scale: 1e6, height: Math.abs(z) })
    expect(() => anomaliesCodec.serialise(toAnomaly(event, wild, USUAL), 1)).not.toThrow()
  })
})
