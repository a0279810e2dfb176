import { crc32 } from 'node:zlib'
import { claimedSum, hasTrailer, sumWith } from './crc.ts'
import { MAX_LINE_BYTES } from './record.ts'

const NEWLINE = 0x0a

/** Shorter runs cost more this way than line by line. */
const LEAST_LINES = 8

/**
 * Whether all lines of a run have a right checksum, by one call over all their bytes instead of one call a line, which
 * costs more than the sum itself. False means only that somebody must look at each line.
 *
 * CRC-32 is linear: the sum of A followed by B is the sum of A, carried over as many zero bytes as B has, xor the sum of
 * B (zlib's `crc32_combine`). So the sums that the lines claim give the sum of the whole run. Carrying over is one-to-one:
 * damage in one line always shows, damage in several is missed once in 2^32, as it would be line by line.
 *
 * The first line begins at `start`, each ends with the newline at its place in `ends`, and the next one follows.
 */
export function runMatches(bytes: Uint8Array, start: number, ends: readonly number[]): boolean {
  if (ends.length < LEAST_LINES) return false
  let sum = 0
  let lineStart = start
  for (let i = 0; i < ends.length; i += 1) {
    const end = ends[i] as number
    if (end - lineStart >= MAX_LINE_BYTES || !hasTrailer(bytes, lineStart, end)) return false
    sum = carry(sum, end + 1 - lineStart) ^ sumWith(claimedSum(bytes, end), NEWLINE)
    lineStart = end + 1
  }
  return sum === (crc32(bytes.subarray(start, lineStart)) | 0)
}

/** Tables for the lengths that were met, 4 KiB each; lines of one log have few lengths. */
const tables = new Map<number, Int32Array>()
const MOST_TABLES = 256

/** `sum` carried over this many zero bytes. */
function carry(sum: number, length: number): number {
  const table = tables.get(length) ?? tableOf(length)
  if (table === undefined) return multiply(powerOf(length), sum)
  return (
    (table[sum & 255] as number) ^
    (table[256 + ((sum >>> 8) & 255)] as number) ^
    (table[512 + ((sum >>> 16) & 255)] as number) ^
    (table[768 + (sum >>> 24)] as number)
  )
}

function tableOf(length: number): Int32Array | undefined {
  if (tables.size >= MOST_TABLES) return undefined
  const power = powerOf(length)
  const table = new Int32Array(1024)
  for (let byte = 0; byte < 4; byte += 1) {
    for (let value = 1; value < 256; value += 1) {
      const low = value & -value
      table[byte * 256 + value] =
        low === value ? multiply(power, value << (8 * byte)) : at(table, byte, low) ^ at(table, byte, value ^ low)
    }
  }
  tables.set(length, table)
  return table
}

function at(table: Int32Array, byte: number, value: number): number {
  return table[byte * 256 + value] as number
}

// Sums are polynomials over GF(2), the highest bit being the coefficient of 1, modulo the polynomial of CRC-32.
const POLYNOMIAL = 0xedb88320 | 0
const ONE = 1 << 31
const X_TO_THE_8 = 1 << 23

/** x^(8 * length): multiplying by it carries over `length` bytes. */
function powerOf(length: number): number {
  let power = ONE
  let square = X_TO_THE_8
  for (let rest = length; rest > 0; rest >>>= 1) {
    if ((rest & 1) === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}

function multiply(a: number, b: number): number {
  let product = 0
  let shifted = b
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((a >>> bit) & 1) === 1) product ^= shifted
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return product
}
