import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareKeys, type Key } from '../../../api/store/keys.ts'
import { createLogPages, readWholeLog } from '../../../api/store/log-pages.ts'
import { OrderedStore } from '../../../api/store/ordered-store.ts'
import { readPage } from '../../../api/store/pages.ts'
import { TransferShelf } from '../../../api/store/transfer-shelf.ts'
import { openLogWriter } from '../../../lib/log/writer.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { siteName } from '../../../lib/names.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import type { TransferRecord } from '../../../lib/record/record.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { writeTransfers } from '../../support/api.ts'
import { aClock, aFolder, aTransfer, NOON } from '../../support/builders.ts'

const options = (volume: Volume) => ({ volume, stream: 'transfers', codec: transferCodec })
const top = { at: Infinity, writer: '~', seq: 0 }
const all = () => true
const A = siteName('SITE_A')
const B = siteName('SITE_B')

/** Several sealed segments in each of two logs; times overlap and are out of order. */
async function aLongLog(): Promise<{ volume: Volume; sorted: string[] }> {
  const volume = createInlineVolume({ root: aFolder() })
  const keys: (Key & { id: string })[] = []
  for (const [site, offset] of [
    [A, 0],
    [B, 7],
  ] as const) {
    let seq = 0
    for (let segment = 0; segment < 5; segment += 1) {
      const times = Array.from({ length: 20 }, (_, i) => NOON + segment * 100 + ((i * 37) % 20) * 8 + offset)
      await writeTransfers(
        volume,
        times.map((endedAt) => aTransfer({ site, source: site, destination: site === A ? B : A, endedAt })),
      )
      for (const at of times) {
        seq += 1
        keys.push({ at, writer: site, seq, id: `${site}-${seq}` })
      }
    }
  }
  return { volume, sorted: keys.sort((a, b) => compareKeys(b, a)).map(({ id }) => id) }
}

async function walk(read: (below: Key | undefined) => Promise<{ entries: { value: TransferRecord }[]; next?: Key }>) {
  const ids: string[] = []
  for (let below: Key | undefined; ; ) {
    const page = await read(below)
    ids.push(...page.entries.map(({ value }) => value.id))
    if (page.next === undefined) return ids
    below = page.next
  }
}

describe('pages of the past', () => {
  test.each([1, 7, 1000])('of %d give every record once, newest first', async (limit) => {
    const { volume, sorted } = await aLongLog()
    const read = createLogPages(options(volume))
    const ids = await walk(async (below) => {
      const { entries } = await read({ below: below ?? top, limit, filter: all })
      const last = entries.at(-1)
      return entries.length < limit || last === undefined ? { entries } : { entries, next: last }
    })
    expect(ids).toEqual(sorted)
  })

  test('that are cut for their cost are short but lose nothing', async () => {
    const { volume, sorted } = await aLongLog()
    const read = createLogPages({ ...options(volume), budgetBytes: 1 })
    let cuts = 0
    const ids = await walk(async (below) => {
      const page = await read({ below: below ?? top, limit: 1000, filter: all })
      if (page.resumeBelow === undefined) return page
      cuts += 1
      return { entries: page.entries, next: page.resumeBelow }
    })
    expect(ids).toEqual(sorted)
    expect(cuts).toBeGreaterThan(2)
  })

  test('keep to their window and filter', async () => {
    const { volume, sorted } = await aLongLog()
    const read = createLogPages(options(volume))
    const { entries } = await read({
      below: top,
      from: NOON + 100,
      to: NOON + 200,
      limit: 1000,
      filter: ({ site }) => site === A,
    })
    expect(entries.length).toBeGreaterThan(10)
    expect(entries.every(({ at, writer }) => at >= NOON + 100 && at < NOON + 200 && writer === A)).toBe(true)
    expect(sorted.filter((id) => entries.some(({ value }) => value.id === id))).toHaveLength(entries.length)
  })

  test('also hold what is in a segment that is still being written', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const writer = await openLogWriter({ ...options(volume), writer: A, clock: aClock(), logger: silentLogger })
    await writer.append(aTransfer())
    const { entries } = await createLogPages(options(volume))({ below: top, limit: 5, filter: all })
    expect(entries.map(({ seq }) => seq)).toEqual([1])
    await writer.close()
  })

  test('of a log that does not exist are empty', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    expect(await createLogPages(options(volume))({ below: top, limit: 5, filter: all })).toEqual({ entries: [] })
  })

  test('stay exact while records arrive and memory lets older ones go', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -40, max: 60 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (offsets, limit) => {
          const volume = createInlineVolume({ root: aFolder() })
          const writer = await openLogWriter({ ...options(volume), writer: A, clock: aClock(), logger: silentLogger })
          const store = new OrderedStore(12, new TransferShelf())
          const append = async (endedAt: number): Promise<void> => {
            const seq = await writer.append(aTransfer({ endedAt }))
            const value = { ...aTransfer({ endedAt }), v: 1, seq, id: `SITE_A-${seq}` }
            store.add([{ at: endedAt, writer: A, seq, value }])
          }
          for (let i = 0; i < 30; i += 1) await append(NOON + ((i * 17) % 30))
          const before = Array.from({ length: 30 }, (_, i) => `SITE_A-${i + 1}`)
          const older = createLogPages(options(volume))
          const late = [...offsets]
          const ids = await walk(async (below) => {
            const page = await readPage(store, older, { below, limit, filter: all })
            const next = late.pop()
            if (next !== undefined) await append(NOON + next)
            return page
          })
          await writer.close()
          expect(new Set(ids).size).toBe(ids.length)
          expect(before.filter((id) => !ids.includes(id))).toEqual([])
        },
      ),
      { numRuns: 30 },
    )
  })

  test('more searches than may wait are refused with 503', async () => {
    const { volume } = await aLongLog()
    const read = createLogPages(options(volume))
    const searches = Array.from({ length: 40 }, () => read({ below: top, limit: 1, filter: all }))
    const results = await Promise.allSettled(searches)
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(6)
    expect(refused[0]).toMatchObject({ reason: { status: 503 } })
  })
})

describe('the whole log', () => {
  test('comes in chunks, the writers merged by time, within the range', async () => {
    const { volume, sorted } = await aLongLog()
    const ids: string[] = []
    for await (const chunk of readWholeLog(options(volume), {})) ids.push(...chunk.map(({ id }) => id))
    expect([...ids].sort()).toEqual([...sorted].sort())
    const from = NOON + 300
    for await (const chunk of readWholeLog(options(volume), { from, to: from + 50 })) {
      expect(chunk.every(({ endedAt }) => endedAt >= from && endedAt < from + 50)).toBe(true)
    }
  })

  test('of sites that write in order is in order', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    for (const [site, start] of [
      [A, 0],
      [B, 5],
    ] as const) {
      const transfers = Array.from({ length: 1500 }, (_, i) =>
        aTransfer({ site, source: site, destination: site === A ? B : A, endedAt: NOON + i * 10 + start }),
      )
      await writeTransfers(volume, transfers)
    }
    const times: number[] = []
    const sizes: number[] = []
    for await (const chunk of readWholeLog(options(volume), {})) {
      times.push(...chunk.map(({ endedAt }) => endedAt))
      sizes.push(chunk.length)
    }
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(sizes).toEqual([1000, 1000, 1000])
  })
})
