import { expect, test } from 'vitest'
import { createRandom, Random } from '../../lib/random.ts'

test('the same seed and names give the same numbers, any other name gives others', () => {
  const draw = (random: Random) => Array.from({ length: 5 }, () => random.uint32())
  const first = draw(createRandom(7, 'link', 'A'))
  expect(draw(createRandom(7, 'link', 'A'))).toEqual(first)
  expect(draw(createRandom(8, 'link', 'A'))).not.toEqual(first)
  expect(draw(createRandom(7, 'link', 'B'))).not.toEqual(first)
  expect(draw(createRandom(7, 'linkA'))).not.toEqual(first)
})

test('the generator is the published one', () => {
  // First outputs of xoshiro128** from the state 1, 2, 3, 4, computed by hand from its definition.
  const random = new Random([1, 2, 3, 4])
  expect([random.uint32(), random.uint32()]).toEqual([11520, 0])
})

test('a stream goes on from its saved state bit for bit, whatever was drawn', () => {
  const random = createRandom(7, 'any')
  for (let i = 0; i < 100; i += 1) {
    random.normal()
    random.exponential(2)
    random.geometric(3.6)
    const copy = new Random(random.state())
    expect([copy.normal(), copy.next(), copy.int(36)]).toEqual([random.normal(), random.next(), random.int(36)])
  }
})

test.each([
  { name: 'uniform', draw: (r: Random) => r.next(), mean: 0.5 },
  { name: 'exponential', draw: (r: Random) => r.exponential(4), mean: 4 },
  { name: 'normal', draw: (r: Random) => r.normal() + 1, mean: 1 },
  { name: 'geometric', draw: (r: Random) => r.geometric(3.6), mean: 3.6 },
])('the $name draw has its mean', ({ draw, mean }) => {
  const random = createRandom(11, 'means')
  let sum = 0
  for (let i = 0; i < 100_000; i += 1) sum += draw(random)
  expect(Math.abs(sum / 100_000 - mean)).toBeLessThan(0.02 * mean + 0.01)
})

test('a mean of zero never counts', () => {
  expect(createRandom(1, 'zero').geometric(0)).toBe(0)
})

test('picking from nothing is refused', () => {
  expect(() => createRandom(1, 'pick').pick([])).toThrow(RangeError)
})
