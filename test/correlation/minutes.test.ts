import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MinuteStore } from '../../correlation/minutes.ts'
import { siteName } from '../../lib/names.ts'
import { aTransfer, NOON } from '../support/builders.ts'

const A = siteName('SITE_A')
const B = siteName('SITE_B')
const C = siteName('SITE_C')
const MINUTE = NOON / 60

function anomaly(at: number, destination = B) {
  return { site: A, source: A, destination, at }
}

describe('sums per minute', () => {
  it('add up what ended in a minute, by recorder and link', () => {
    const store = new MinuteStore(1)
    store.addTransfer(aTransfer({ endedAt: NOON, bytesTransferred: 10, durationSeconds: 0.5 }))
    store.addTransfer(aTransfer({ endedAt: NOON + 59.999, bytesTransferred: 20, durationSeconds: 1.2 }))
    store.addTransfer(aTransfer({ endedAt: NOON + 60, bytesTransferred: 40, durationSeconds: 2 }))
    store.addTransfer(aTransfer({ destination: C, endedAt: NOON, bytesTransferred: 1, durationSeconds: 1 }))
    store.addAnomaly(anomaly(NOON + 5))
    expect(store.list()).toEqual([
      {
        place: { site: A, link: 'SITE_A>SITE_B' },
        minutes: [MINUTE, MINUTE + 1],
        sums: [
          { records: 2, bytes: 30, milliseconds: 1700, anomalies: 1 },
          { records: 1, bytes: 40, milliseconds: 2000, anomalies: 0 },
        ],
      },
      {
        place: { site: A, link: 'SITE_A>SITE_C' },
        minutes: [MINUTE],
        sums: [{ records: 1, bytes: 1, milliseconds: 1000, anomalies: 0 }],
      },
    ])
  })

  it('forget what leaves the window, with the boundary minute', () => {
    const store = new MinuteStore(1)
    for (const minute of [0, 1, 60]) store.addTransfer(aTransfer({ endedAt: NOON + minute * 60 }))
    expect(store.span()).toEqual({ from: MINUTE + 1, to: MINUTE + 60 })
    store.addTransfer(aTransfer({ endedAt: NOON + 59 }))
    expect(store.outside).toBe(1)
    store.addTransfer(aTransfer({ endedAt: NOON + 60 }))
    expect(store.outside).toBe(1)
  })

  it('do not believe an instant beyond the horizon', () => {
    const store = new MinuteStore(1)
    store.horizon = NOON + 3600
    store.addTransfer(aTransfer({ endedAt: NOON }))
    store.addTransfer(aTransfer({ endedAt: NOON + 3601 }))
    expect(store.span()).toEqual({ from: MINUTE, to: MINUTE })
    expect(store.outside).toBe(1)
  })

  it('of links beyond the cap are kept together without a place', () => {
    const store = new MinuteStore(1)
    for (let i = 0; i < 2005; i += 1) store.addTransfer(aTransfer({ destination: siteName(`D${i}`), endedAt: NOON }))
    const list = store.list()
    expect(list).toHaveLength(2001)
    expect(list.find((item) => item.place === undefined)?.sums[0]?.records).toBe(5)
    expect(MinuteStore.restore(store.save(), 1).save()).toEqual(store.save())
  })

  it('are empty without a record', () => {
    expect(new MinuteStore(1).span()).toBeUndefined()
    expect(new MinuteStore(1).list()).toEqual([])
  })

  it('are the same in any order, in any portions, saved and restored between them', () => {
    const item = fc.record({
      minute: fc.integer({ min: 0, max: 200 }),
      bytes: fc.integer({ min: 0, max: 1e12 }),
      seconds: fc.double({ min: 0, max: 1000, noNaN: true }),
      other: fc.boolean(),
      anomalous: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 120 }), fc.nat(), fc.nat(), (items, cut, turn) => {
        const feed = (store: MinuteStore, part: typeof items): void => {
          for (const { minute, bytes, seconds, other, anomalous } of part) {
            const destination = other ? C : B
            const endedAt = NOON + minute * 60 + 30
            store.addTransfer(aTransfer({ destination, endedAt, bytesTransferred: bytes, durationSeconds: seconds }))
            if (anomalous) store.addAnomaly(anomaly(endedAt, destination))
          }
        }
        const whole = new MinuteStore(2)
        feed(whole, items)
        const turned = [...items.slice(turn % items.length), ...items.slice(0, turn % items.length)].reverse()
        let portions = new MinuteStore(2)
        feed(portions, turned.slice(0, cut % items.length))
        portions = MinuteStore.restore(JSON.parse(JSON.stringify(portions.save())), 2)
        feed(portions, turned.slice(cut % items.length))
        expect(portions.save()).toEqual(whole.save())
      }),
    )
  })
})
