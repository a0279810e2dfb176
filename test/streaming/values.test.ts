import { describe, expect, test } from 'vitest'
import type { ZScoreOptions } from '../../lib/detect/zscore.ts'
import { createRandom } from '../../lib/random.ts'
import { mostStreams, ValueStreams } from '../../streaming/values.ts'

const zscore: ZScoreOptions = { window: 60, threshold: 4, refractory: 5 }

/** Values of `keys` in turn, normal around 1000 times the number of the key. */
function feed(streams: ValueStreams, keys: readonly string[], count: number, seed = 1): number[] {
  const random = createRandom(seed, 'values')
  return Array.from({ length: count }, (_, i) => {
    const n = i % keys.length
    return streams.observe(keys[n] as string, 1000 * n + random.normal())?.z ?? Number.NaN
  })
}

describe('streams of values', () => {
  test('judge each key against its own past', () => {
    const streams = new ValueStreams({ zscore })
    const zs = feed(streams, ['a', 'b', 'c'], 600).filter((z) => !Number.isNaN(z))
    expect(zs.length).toBeGreaterThan(400)
    expect(Math.max(...zs.map(Math.abs))).toBeLessThan(8)
    expect(streams.observe('a', 1000)?.anomalous).toBe(true)
  })

  test.each(['__proto__', 'constructor', '', 'toString'])('take %j for a key like any other', (key) => {
    const streams = new ValueStreams({ zscore })
    feed(streams, [key], 100)
    expect(streams.observe(key, 99)?.anomalous).toBe(true)
  })

  test('refuse the stream that is one too many, and count its values', () => {
    const streams = new ValueStreams({ zscore, most: 2 })
    feed(streams, ['a', 'b'], 100)
    expect(streams.observe('c', 1)).toBeUndefined()
    expect([streams.size, streams.refused]).toEqual([2, 1])
    expect(streams.observe('a', 99)?.anomalous).toBe(true)
  })

  test.each([
    [32_767, 0],
    [32_768, 1],
  ])('give away the place of a stream after %i values of others: %i', (between, given) => {
    const streams = new ValueStreams({ zscore: { ...zscore, channels: ['level'] }, most: 2 })
    streams.observe('silent', 1)
    for (let i = 1; i < between; i += 1) streams.observe('busy', 1)
    streams.observe('new', 1)
    expect(streams.refused).toBe(1 - given)
  })

  test('a flood of keys does not push out the streams that are alive', () => {
    const streams = new ValueStreams({ zscore, most: 3 })
    for (let i = 0; i < 50_000; i += 1) streams.observe(i % 2 === 0 ? 'alive' : `once-${i}`, i % 7)
    expect(streams.observe('alive', 1e6)?.anomalous).toBe(true)
  })

  test.each([
    ['whole numbers', 4, (x: number) => Math.round(x)],
    ['numbers that need all digits', 8, (x: number) => x / 3],
  ])('go on after saving as if nothing had happened: %s, %i bytes each', (_, width, change) => {
    const [whole, first] = [new ValueStreams({ zscore }), new ValueStreams({ zscore })]
    const random = createRandom(3, 'saved')
    const values = Array.from({ length: 400 }, () => change(1e6 * random.normal()))
    const all = values.map((value) => whole.observe('k', value)?.z)
    const before = values.slice(0, 200).map((value) => first.observe('k', value)?.z)
    const saved = first.save()
    const restored = ValueStreams.restore({ zscore }, saved)
    expect([...before, ...values.slice(200).map((value) => restored.observe('k', value)?.z)]).toEqual(all)
    expect(saved.length).toBeLessThan(66 * width + 500)
  })

  test('learn what was saved anew when the window has become another', () => {
    const streams = new ValueStreams({ zscore })
    feed(streams, ['a'], 200)
    const restored = ValueStreams.restore({ zscore: { ...zscore, window: 40 } }, streams.save())
    expect(restored.observe('a', 50)?.anomalous).toBe(true)
  })

  test('refuse what is cut or newer and say so', () => {
    const streams = new ValueStreams({ zscore })
    feed(streams, ['a'], 200)
    const saved = streams.save()
    const newer = Buffer.from(saved.toString('latin1').replace('{"v":2', '{"v":3'), 'latin1')
    expect(() => ValueStreams.restore({ zscore }, saved.subarray(0, -1))).toThrow(/cut/)
    expect(() => ValueStreams.restore({ zscore }, newer)).toThrow(/version 3/)
  })

  test.each([
    [1000, false, 512],
    [100, false, 512],
    [100_000, false, 32],
    [1000, true, 278],
    [100_000, true, 4],
  ])('of a window of %i, robust %s: %i fit', (window, robust, most) => {
    expect(mostStreams({ ...zscore, window, robust })).toBe(most)
  })
})
