import { crc32 } from 'node:zlib'

/**
 * The trailer that closes every line of every stream and of every version: `,"crc":"xxxxxxxx"}`. The checksum covers all
 * bytes before it, and readers compare its fixed bytes too, because a flipped bit beside the checksum passes a checksum
 * that does not cover it.
 */
export const TRAILER_BYTES = 18

const head = Uint8Array.from(',"crc":"', (character) => character.charCodeAt(0))
const hexDigits = Buffer.from('0123456789abcdef', 'latin1')
const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const QUOTE = 0x22
const CLOSE = 0x7d
const NEWLINE = 0x0a

/** Value of each byte as a lowercase hexadecimal digit, 255 when it is none. */
const digitOf = new Uint8Array(256).fill(255)
hexDigits.forEach((byte, value) => {
  digitOf[byte] = value
})

/** `body` is a line's text without its closing brace; the answer is the whole line with its newline. */
export function closeLine(body: string): string {
  const sum = crc32(body)
  const hex =
    (hexPairs[sum >>> 24] as string) +
    (hexPairs[(sum >>> 16) & 255] as string) +
    (hexPairs[(sum >>> 8) & 255] as string) +
    (hexPairs[sum & 255] as string)
  return `${body},"crc":"${hex}"}\n`
}

/** The same in bytes: the line lies in `target` from `start` to `end`, which is where its closing brace belongs. */
export function closeBytes(target: Uint8Array, start: number, end: number): number {
  const sum = crc32(target.subarray(start, end))
  for (let i = 0; i < 8; i += 1) {
    target[end + i] = head[i] as number
    target[end + 8 + i] = hexDigits[(sum >>> (28 - 4 * i)) & 15] as number
  }
  target[end + 16] = QUOTE
  target[end + 17] = CLOSE
  target[end + 18] = NEWLINE
  return end + 19
}

/** Whether the last 18 bytes are a trailer, whatever its checksum. A line may be a part of larger memory. */
export function hasTrailer(bytes: Uint8Array, lineStart = 0, lineEnd = bytes.length): boolean {
  const start = lineEnd - TRAILER_BYTES
  if (start < lineStart || bytes[start + 16] !== QUOTE || bytes[start + 17] !== CLOSE) return false
  let wrong = 0
  for (let i = 0; i < 8; i += 1) wrong |= (bytes[start + i] as number) ^ (head[i] as number)
  // Digits are below 16, everything else is 255.
  for (let i = start + 8; i < start + 16; i += 1) wrong |= (digitOf[bytes[i] as number] as number) & 0xf0
  return wrong === 0
}

/** Four tables of 256: what a byte does to the sum when 0, 1, 2 or 3 more follow ("slicing-by-4", Intel 2006). */
const table = new Int32Array(1024)
for (let byte = 0; byte < 256; byte += 1) {
  let sum = byte
  for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  table[byte] = sum
}
for (let i = 256; i < 1024; i += 1) {
  const before = table[i - 256] as number
  table[i] = (table[before & 255] as number) ^ (before >>> 8)
}

/**
 * Whether the checksum in the trailer is that of the bytes before it. Only for lines that have a trailer.
 *
 * The sum of the whole line is compared with the claimed sum carried on over the trailer: carrying on is one-to-one, so
 * both agree exactly when the claim is right, and no view of a part of the line has to be made for it.
 */
export function checksumMatches(line: Uint8Array): boolean {
  return claimedSum(line) === (crc32(line) | 0)
}

/** The checksum of a whole line that ends there, trailer included, if the one in the trailer is right. */
export function claimedSum(line: Uint8Array, end = line.length): number {
  const start = end - TRAILER_BYTES
  let claimed = 0
  for (let i = start + 8; i < start + 16; i += 1) claimed = (claimed << 4) | (digitOf[line[i] as number] as number)
  let sum = ~claimed
  for (let i = start; i < start + 16; i += 4) {
    sum ^=
      (line[i] as number) |
      ((line[i + 1] as number) << 8) |
      ((line[i + 2] as number) << 16) |
      ((line[i + 3] as number) << 24)
    sum =
      (table[768 + (sum & 255)] as number) ^
      (table[512 + ((sum >>> 8) & 255)] as number) ^
      (table[256 + ((sum >>> 16) & 255)] as number) ^
      (table[sum >>> 24] as number)
  }
  sum = (table[(sum ^ QUOTE) & 255] as number) ^ (sum >>> 8)
  sum = (table[(sum ^ CLOSE) & 255] as number) ^ (sum >>> 8)
  return ~sum
}

/** The checksum of what `sum` is the checksum of and one more byte. */
export function sumWith(sum: number, byte: number): number {
  return ~((table[(~sum ^ byte) & 255] as number) ^ (~sum >>> 8))
}
