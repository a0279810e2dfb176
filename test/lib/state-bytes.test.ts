import { expect, test } from 'vitest'
import { decodeState, encodeState } from '../../lib/state-bytes.ts'

test('plain data with typed arrays comes back as it was', () => {
  const state = {
    name: 'Genève',
    bytes: Uint8Array.of(1, 2, 255),
    nested: [{ rows: Float32Array.of(0.1, -0, Number.NaN), at: Float64Array.of(1 / 3) }],
    empty: new Float32Array(),
    map: [['a', { seen: 3 }]],
  }
  expect(decodeState(encodeState(state))).toEqual(state)
})

test('an array that is a part of a larger one takes only its part along', () => {
  const part = new Float32Array(1000).fill(7).subarray(10, 12)
  const bytes = encodeState({ part })
  expect(bytes.length).toBeLessThan(100)
  expect(decodeState(bytes)).toEqual({ part: Float32Array.of(7, 7) })
})

test('bytes that begin at an odd place in their buffer are read as well', () => {
  const bytes = encodeState({ at: Float64Array.of(1.5, 2.5) })
  const moved = new Uint8Array(bytes.length + 3)
  moved.set(bytes, 3)
  expect(decodeState(moved.subarray(3))).toEqual({ at: Float64Array.of(1.5, 2.5) })
})

test('a field that is absent stays absent', () => {
  expect(decodeState(encodeState({ a: undefined, b: null }))).toEqual({ b: null })
})
