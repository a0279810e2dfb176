import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareKeys, type Keyed } from '../../../api/store/keys.ts'
import { OrderedStore } from '../../../api/store/ordered-store.ts'
import { ObjectShelf } from '../../../api/store/shelf.ts'

const entry = (at: number, writer = 'A', seq = at): Keyed<string> => ({ at, writer, seq, value: `${writer}-${seq}` })
const all = { limit: 1000, filter: () => true }
const values = <T>(entries: readonly Keyed<T>[]): T[] => entries.map(({ value }) => value)

const entries = fc.uniqueArray(
  fc.record({
    at: fc.integer({ min: 0, max: 30 }),
    writer: fc.constantFrom('A', 'B'),
    seq: fc.integer({ min: 1, max: 60 }),
  }),
  { selector: ({ writer, seq }) => `${writer}${seq}`, maxLength: 80 },
)

describe('the ordered store', () => {
  test.each([
    ['time', entry(1, 'B', 9), entry(2, 'A', 1)],
    ['writer', entry(1, 'A', 9), entry(1, 'B', 1)],
    ['seq', entry(1, 'A', 1), entry(1, 'A', 2)],
  ])('orders by %s', (_name, lower, higher) => {
    expect(Math.sign(compareKeys(lower, higher))).toBe(-1)
    expect(Math.sign(compareKeys(higher, lower))).toBe(1)
  })

  test('gives a page below a place, newest first, within [from, to)', () => {
    const store = new OrderedStore<string>(10, new ObjectShelf())
    store.add([3, 1, 4, 2, 5].map((at) => entry(at)))
    const page = store.descending({ ...all, before: entry(5), from: 2, to: 4 })
    expect(values(page)).toEqual(['A-3', 'A-2'])
  })

  test('keeps the newest and says below which place it knows nothing', () => {
    const store = new OrderedStore<string>(2, new ObjectShelf())
    expect(store.floor).toBeUndefined()
    store.add([entry(1), entry(2)])
    expect(store.floor).toBeUndefined()
    store.add([entry(3)])
    expect([store.size, store.floor]).toEqual([2, { at: 1, writer: 'A', seq: 1 }])
    store.add([entry(0.5, 'A', 9)])
    expect(values(store.descending(all))).toEqual(['A-3', 'A-2'])
  })

  test('however entries come in, what is in memory is the newest of all of them', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 7 }), (keys, capacity, size) => {
        const store = new OrderedStore<string>(capacity, new ObjectShelf())
        const added = keys.map(({ at, writer, seq }) => entry(at, writer, seq))
        for (let i = 0; i < added.length; i += size) store.add(added.slice(i, i + size))
        store.add(added.slice(0, 3))
        const sorted = [...added].sort((a, b) => compareKeys(b, a))
        expect(values(store.descending(all))).toEqual(values(sorted.slice(0, capacity)))
        const { floor } = store
        if (floor !== undefined) expect(sorted.filter((key) => compareKeys(key, floor) > 0).length).toBe(store.size)
      }),
    )
  })

  test('ten thousand appends beyond its size leave no more behind than its size', () => {
    const store = new OrderedStore<string>(100, new ObjectShelf())
    for (let at = 1; at <= 10_000; at += 1) store.add([entry(at)])
    expect([store.size, store.newest?.at, store.floor?.at]).toEqual([100, 10_000, 9900])
  })
})
