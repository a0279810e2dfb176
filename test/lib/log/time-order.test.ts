import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Positions, TailedEntry } from '../../../lib/log/log.ts'
import { createTailer } from '../../../lib/log/tailer.ts'
import { TimeOrder } from '../../../lib/log/time-order.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aFolder, aTransfer, NOON } from '../../support/builders.ts'

const segment = '000001-000001.ndjson'

function anEntry(writer: string, seq: number, at: number): TailedEntry<number> {
  return { writer, seq, at, value: at, behind: { segment, offset: 100 * seq, seq } }
}

const times = (entries: readonly TailedEntry<number>[]): number[] => entries.map(({ at }) => at)

describe('joining writers by time', () => {
  test('holds back what is ahead of a writer that has more to read', () => {
    const order = new TimeOrder<number>()
    order.accept('A', [anEntry('A', 1, 10), anEntry('A', 2, 20)], false, undefined)
    order.accept('B', [anEntry('B', 1, 15), anEntry('B', 2, 40)], false, undefined)
    expect(times(order.release())).toEqual([10, 15, 20])
    expect(order.holding).toBe(1)
    expect(order.wants('A')).toBe(true)
    expect(order.wants('B')).toBe(false)
    expect(order.position('A', { segment, offset: 999, seq: 2 })).toEqual({ segment, offset: 999, seq: 2 })
    expect(order.position('B', { segment, offset: 999, seq: 2 })).toEqual({ segment, offset: 100, seq: 1 })
  })

  test('holds nothing at the end of the log', () => {
    const order = new TimeOrder<number>()
    order.accept('A', [anEntry('A', 1, 10)], true, undefined)
    order.accept('B', [anEntry('B', 1, 1000)], true, undefined)
    expect(times(order.release())).toEqual([10, 1000])
    expect(order.holding).toBe(0)
    expect(order.wants('A') && order.wants('B')).toBe(true)
  })

  test('a writer of which nothing was delivered is read again from where it stood', () => {
    const order = new TimeOrder<number>()
    const before = { segment, offset: 700, seq: 7 }
    order.accept('A', [anEntry('A', 8, 10)], false, undefined)
    order.accept('B', [anEntry('B', 8, 50)], false, before)
    order.release()
    expect(order.position('B', { segment, offset: 999, seq: 8 })).toEqual(before)
    expect(order.position('C', before)).toEqual(before)
  })

  test('keeps the order of one file also when its times go back', () => {
    const order = new TimeOrder<number>()
    order.accept('A', [anEntry('A', 1, 50), anEntry('A', 2, 10)], false, undefined)
    order.accept('B', [anEntry('B', 1, 20)], false, undefined)
    expect(times(order.release())).toEqual([20])
    order.accept('B', [], true, undefined)
    expect(times(order.release())).toEqual([10, 50])
  })
})

describe('a tailer in time order', () => {
  // One writer with eight times as many records as the other, read in small pieces.
  const root = () => {
    const folder = aFolder()
    const volume = createInlineVolume({ root: folder })
    const lines = (every: number) =>
      Array.from({ length: Math.floor(9600 / every) }, (_, i) =>
        transferCodec.serialise(aTransfer({ endedAt: NOON + (i + 1) * every }), i + 1),
      ).join('')
    return { volume, busy: Buffer.from(lines(1)), quiet: Buffer.from(lines(8)) }
  }

  test('delivers the same sequence however it is interrupted, each entry once', async () => {
    const { volume, busy, quiet } = root()
    await volume.createExclusive(`transfers/SITE_A/${segment}`, busy)
    await volume.createExclusive(`transfers/SITE_B/${segment}`, quiet)
    const whole = await readAll(() => 0)
    expect(whole).toHaveLength(9600 + 1200)
    expect(whole.map(({ at }) => at)).toEqual(whole.map(({ at }) => at).toSorted((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), async (lives) => {
        expect(await readAll((life) => lives[life % lives.length] ?? 1)).toEqual(whole)
      }),
      { numRuns: 10 },
    )

    /** Reads to the end; after `pollsOf` polls each life ends and the next one begins at its positions. 0: one life. */
    async function readAll(pollsOf: (life: number) => number): Promise<{ at: number; writer: string; seq: number }[]> {
      const read: { at: number; writer: string; seq: number }[] = []
      let positions: Positions | undefined
      for (let life = 0; ; life += 1) {
        const saved = positions === undefined ? {} : { positions }
        const tailer = createTailer({ volume, stream: 'transfers', codec: transferCodec, inTimeOrder: true, ...saved })
        for (let polls = 1; ; polls += 1) {
          const batch = await tailer.poll(256 * 1024)
          expect(batch.repeated + batch.gaps.length + batch.damaged.length).toBe(0)
          read.push(...batch.entries.map(({ at, writer, seq }) => ({ at, writer, seq })))
          positions = tailer.positions()
          if (batch.caughtUp) return read
          if (polls === pollsOf(life)) break
        }
      }
    }
  })

  test('waits for nobody at the end: a late record comes with the next poll', async () => {
    const { volume, busy } = root()
    await volume.createExclusive(`transfers/SITE_A/${segment}`, busy)
    const tailer = createTailer({
      ...{ volume, stream: 'transfers', codec: transferCodec, inTimeOrder: true, writers: ['SITE_A', 'SITE_B'] },
    })
    let read = 0
    for (let caughtUp = false; !caughtUp; ) {
      const batch = await tailer.poll()
      read += batch.entries.length
      caughtUp = batch.caughtUp
    }
    expect(read).toBe(9600)
    const late = Buffer.from(transferCodec.serialise(aTransfer({ endedAt: NOON }), 1))
    await volume.createExclusive(`transfers/SITE_B/${segment}`, late)
    expect((await tailer.poll()).entries).toHaveLength(1)
  })
})
