/**
 * Single-precision numbers as integers in the same order, so that a tree can compare without a branch: the sign of a
 * difference is one shift, and mispredicted branches were three quarters of the scoring time. The lowest bit is dropped
 * so that a difference cannot overflow; two values closer than 2.4e-7 of their size count as equal, in fitting and in
 * scoring alike. -0 counts as 0.
 */
export function sortKey(value: number): number {
  float[0] = value + 0
  const word = bits[0] as number
  return (word ^ ((word >> 31) & 0x7fff_ffff)) >> 1
}

/** Keys of so many values that begin at `offset`. */
export function writeSortKeys(data: Float32Array, offset: number, keys: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 1) keys[i] = sortKey(data[offset + i] as number)
}

export function sortKeysOf(data: Float32Array): Int32Array {
  const keys = new Int32Array(data.length)
  writeSortKeys(data, 0, keys, data.length)
  return keys
}

const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)
