import { describe, expect, test } from 'vitest'
import { checksumMatches, closeLine, hasTrailer } from '../../../lib/record/crc.ts'

const line = (text: string): Buffer => Buffer.from(text)

describe('the trailer', () => {
  test('has the CRC-32 of the bytes before it, in eight lowercase digits', () => {
    // The check value of CRC-32 in every catalogue is that of "123456789".
    expect(closeLine('123456789')).toBe('123456789,"crc":"cbf43926"}\n')
  })

  test('is of the UTF-8 bytes, not of the characters', () => {
    expect(checksumMatches(line(closeLine('{"v":1,"x":"é😀"').slice(0, -1)))).toBe(true)
  })

  test.each([
    ['{"v":1,"crc":"0123abcd"}', true],
    [',"crc":"0123abcd"}', true],
    ['"crc":"0123abcd"}', false],
    ['{"v":1,"crc":"0123abcD"}', false],
    ['{"v":1,"crc":"0123abcg"}', false],
    ['{"v":1,"crc":"0123abcd" }', false],
    ['{"v":1,"crc":"0123abcd"} ', false],
    ['{"v":1,"Crc":"0123abcd"}', false],
    ['', false],
  ])('%s: %s', (text, there) => {
    expect(hasTrailer(line(text))).toBe(there)
  })

  test.each([
    ['123456789,"crc":"cbf43926"}', true],
    ['123456789,"crc":"cbf43927"}', false],
    ['123456780,"crc":"cbf43926"}', false],
    [',"crc":"00000000"}', true],
    [',"crc":"80000000"}', false],
  ])('%s matches: %s', (text, matches) => {
    expect(checksumMatches(line(text))).toBe(matches)
  })

  test('a high first digit is no sign', () => {
    const high = Array.from({ length: 64 }, (_, i) => closeLine(`{"n":${i}`)).find((text) =>
      /"f[0-9a-f]{7}"/.test(text),
    )
    expect(high).toBeDefined()
    expect(checksumMatches(line((high as string).slice(0, -1)))).toBe(true)
  })
})
