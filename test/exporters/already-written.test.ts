import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlreadyWritten } from '../../exporters/already-written.ts'
import { emptyBatch, type SourceBatch } from '../../exporters/source.ts'
import { siteName } from '../../lib/names.ts'
import { aTransfer, NOON } from '../support/builders.ts'

const scope = { site: siteName('SITE_A') }
const window = (note: string) => ({
  type: 'maintenance' as const,
  at: NOON,
  scope,
  startsAt: NOON + 60,
  endsAt: NOON + 120,
  note,
})
const pause = { type: 'paused' as const, at: NOON, from: NOON - 1000, to: NOON }

describe('entries that the log has already', () => {
  it('are thrown away from the front, whatever the batches', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 10 }), fc.nat(20), (sizes, written) => {
        const skip = new AlreadyWritten({ transfers: written, events: 0, truth: 0 })
        let next = 0
        const kept = sizes.flatMap((size) => {
          const transfers = Array.from({ length: size }, () => aTransfer({ sizeBytes: next++ }))
          return skip.strip({ ...emptyBatch(0), transfers }).transfers.map((transfer) => transfer.sizeBytes)
        })
        expect(kept).toEqual(Array.from({ length: Math.max(0, next - written) }, (_, i) => written + i))
        expect(skip.done).toBe(next >= written)
      }),
    )
  })

  it('never include a pause, which no source repeats', () => {
    const skip = new AlreadyWritten({ transfers: 0, events: 1, truth: 0 })
    const batch: SourceBatch = { ...emptyBatch(0), events: [pause, window('first'), window('second')] }
    expect(skip.strip(batch).events).toEqual([pause, window('second')])
  })

  it('are counted for each stream by itself', () => {
    const skip = new AlreadyWritten({ transfers: 1, events: 0, truth: 0 })
    const first: SourceBatch = { ...emptyBatch(0), events: [window('kept')] }
    expect(skip.strip(first).events).toHaveLength(1)
    expect(skip.done).toBe(false)
    expect(skip.strip({ ...emptyBatch(0), transfers: [aTransfer()] }).transfers).toEqual([])
    expect(skip.done).toBe(true)
  })
})
