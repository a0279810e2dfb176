import { describe, expect, test } from 'vitest'
import type { Keyed } from '../../../api/store/keys.ts'
import type { OlderQuery } from '../../../api/store/older.ts'
import { OrderedStore } from '../../../api/store/ordered-store.ts'
import { parseCursor, readPage, toCursor } from '../../../api/store/pages.ts'
import { ObjectShelf } from '../../../api/store/shelf.ts'

const entry = (at: number): Keyed<number> => ({ at, writer: 'A', seq: at, value: at })
const all = () => true

async function never(): Promise<never> {
  throw new Error('the segments were asked')
}

describe('a page', () => {
  test('comes from memory alone when nothing was ever left out', async () => {
    const store = new OrderedStore<number>(10, new ObjectShelf())
    store.add([1, 2, 3].map(entry))
    const first = await readPage(store, never, { limit: 2, filter: all })
    expect([first.entries.map(({ value }) => value), first.next]).toEqual([[3, 2], { at: 2, writer: 'A', seq: 2 }])
    const last = await readPage(store, never, { below: first.next, limit: 2, filter: all })
    expect([last.entries.map(({ value }) => value), last.next]).toEqual([[1], undefined])
  })

  test('that ends exactly with the list has no next one', async () => {
    const store = new OrderedStore<number>(10, new ObjectShelf())
    store.add([1, 2].map(entry))
    expect((await readPage(store, never, { limit: 2, filter: all })).next).toBeUndefined()
  })

  test('that stays above what memory holds asks nobody else', async () => {
    const store = new OrderedStore<number>(3, new ObjectShelf())
    store.add([1, 2, 3, 4, 5].map(entry))
    expect((await readPage(store, never, { limit: 2, filter: all })).entries).toHaveLength(2)
    expect((await readPage(store, never, { from: 3, limit: 9, filter: all })).entries).toHaveLength(3)
  })

  test('goes on in the segments, beginning with the newest entry that memory let go', async () => {
    const store = new OrderedStore<number>(2, new ObjectShelf())
    store.add([1, 2, 3, 4].map(entry))
    const asked: OlderQuery<number>[] = []
    const older = async (query: OlderQuery<number>) => {
      asked.push(query)
      return { entries: [entry(2)], resumeBelow: entry(2) }
    }
    const page = await readPage(store, older, { limit: 3, filter: all })
    expect(asked[0]).toMatchObject({ below: { at: 2, writer: 'A', seq: 3 }, limit: 2 })
    expect(page.entries.map(({ value }) => value)).toEqual([4, 3, 2])
    expect(page.next).toEqual(entry(2))
  })
})

describe('a cursor', () => {
  test('brings a place back exactly', () => {
    for (const key of [
      { at: 1_696_161_600.123, writer: 'SITE_A', seq: 7 },
      { at: 0, writer: 'zscore-p3', seq: Number.MAX_SAFE_INTEGER },
      { at: 5, writer: '~', seq: 1 },
    ]) {
      expect(parseCursor('t', toCursor('t', key))).toEqual(key)
    }
  })

  test.each([
    ['', 'empty'],
    ['!', 'no base64'],
    ['AAAA', 'nonsense'],
    [toCursor('a', { at: 1, writer: 'A', seq: 1 }), 'of another list'],
    ['A'.repeat(201), 'too long'],
  ])('%j is refused: %s', (text) => {
    expect(parseCursor('t', text)).toBeUndefined()
  })
})
