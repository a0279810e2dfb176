import { describe, expect, it } from 'vitest'
import { throughputOf } from '../../../lib/record/record.ts'
import { linkBrownout } from '../../../simulator/faults/link-brownout.ts'
import { A_TO_B, runFault, SITE_A, SITE_B, SITE_C, startedWithin } from '../../support/world.ts'

describe('a link brownout', () => {
  it.each([
    ['a link bends itself alone', A_TO_B, [true, false, false]],
    ['a site bends every link that touches it', { site: SITE_B }, [true, true, false]],
    ['the platform bends all', { platform: true } as const, [true, true, true]],
  ])('%s', (_, scope, bends) => {
    const links = [A_TO_B, { source: SITE_B, destination: SITE_C }, { source: SITE_C, destination: SITE_A }]
    expect(links.map((link) => linkBrownout.bends(scope, link))).toEqual(bends)
  })

  it.each([
    [0.01, 0.99],
    [0.8, 0.2],
    [1, 0.02],
  ])('of severity %f leaves %f of the speed', (severity, speed) => {
    expect(linkBrownout.bend({ severity, progress: 0 }).speed).toBeCloseTo(speed)
  })

  it('slows large and small files alike, lets packets be lost, and spares other links', () => {
    const { bent, straight, elsewhere, elsewhereStraight, from, to } = runFault({})
    const during = (records: typeof bent, large: boolean) =>
      startedWithin(records, from + 60, to)
        .map(({ transfer }) => transfer)
        .filter((transfer) => transfer.status === 'ok' && transfer.sizeBytes > 1e9 === large)
    for (const large of [true, false]) {
      const mean = (records: typeof bent) => {
        const logs = during(records, large).map((transfer) => Math.log(throughputOf(transfer)))
        return logs.reduce((sum, value) => sum + value, 0) / logs.length
      }
      expect(mean(bent)).toBeLessThan(mean(straight) - 0.4)
    }
    const lossOf = (records: typeof bent) => {
      const sent = during(records, true)
      const packets = sent.reduce((sum, transfer) => sum + transfer.bytesTransferred / 1448, 0)
      return sent.reduce((sum, transfer) => sum + (transfer.transport?.retransmits ?? 0), 0) / packets
    }
    expect(lossOf(bent)).toBeGreaterThan(20 * lossOf(straight))
    expect(elsewhere).toEqual(elsewhereStraight)
  })

  it('lasts no longer than it should: an hour later everything is as if it had not been', () => {
    const { bent, straight, to } = runFault({ effectiveAt: 1_696_161_600 + 600 })
    const later = (records: typeof bent) =>
      startedWithin(records, to + 3600, to + 9999).map(
        ({ transfer }) => `${transfer.origin.id} ${transfer.durationSeconds}`,
      )
    const same = new Set(later(straight))
    const records = later(bent)
    expect(records.length).toBeGreaterThan(50)
    expect(records.filter((record) => same.has(record)).length / records.length).toBeGreaterThan(0.9)
  })
})
