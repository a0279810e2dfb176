import { expect, test } from 'vitest'
import { ObjectShelf, Slots } from '../../../api/store/shelf.ts'

test('slots are used again', () => {
  const slots = new Slots()
  expect([slots.take(), slots.take()]).toEqual([0, 1])
  slots.release(0)
  expect([slots.take(), slots.take()]).toEqual([0, 2])
})

test('an object comes back as it is', () => {
  const shelf = new ObjectShelf<{ name: string }>()
  const value = { name: 'x' }
  const slot = shelf.put({ at: 5, writer: 'A', seq: 1, value })
  expect([shelf.at(slot), shelf.writer(slot), shelf.seq(slot), shelf.get(slot) === value]).toEqual([5, 'A', 1, true])
  expect(shelf.probe(slot)).toBe(value)
})
