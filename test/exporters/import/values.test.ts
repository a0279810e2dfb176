import { describe, expect, test } from 'vitest'
import {
  toBytes,
  toDuration,
  toInstant,
  toNormalisedName,
  toShortText,
  toSiteName,
  toWhole,
} from '../../../exporters/import/values.ts'

describe('sizes', () => {
  test.each([
    ['0', 'B', 0],
    [' 17 ', 'B', 17],
    ['1e3', 'B', 1000],
    ['9007199254740991', 'B', 2 ** 53 - 1],
    ['1.5', 'KB', 1500],
    ['1.5', 'KiB', 1536],
    ['2', 'GiB', 2 ** 31],
    ['0.0001', 'KB', 0],
  ] as const)('%s %s', (text, unit, bytes) => {
    expect(toBytes(text, unit)).toBe(bytes)
  })

  test.each([
    ['', 'bad-size'],
    ['abc', 'bad-size'],
    ['0x10', 'bad-size'],
    ['Infinity', 'bad-size'],
    ['1,000', 'bad-size'],
    ['1.5', 'bad-size'],
    ['-1', 'negative-size'],
    ['9007199254740992', 'unsafe-size'],
    ['1e400', 'bad-size'],
  ])('%j is quarantined as %s', (text, reason) => {
    expect(() => toBytes(text)).toThrow(expect.objectContaining({ reason }))
  })
})

describe('durations', () => {
  test.each([
    ['194000', 'ms', 194],
    ['0', 's', 0],
    ['2.5', 'min', 150],
    ['1', 'h', 3600],
    ['250', 'us', 0.00025],
  ] as const)('%s %s', (text, unit, seconds) => {
    expect(toDuration(text, unit)).toBeCloseTo(seconds, 12)
  })

  test.each([
    ['4294967295', 'sentinel-duration'],
    ['18446744073709551615', 'sentinel-duration'],
    ['2147483647', 'sentinel-duration'],
    ['-1', 'negative-duration'],
    ['', 'bad-duration'],
    ['1s', 'bad-duration'],
  ])('%j is quarantined as %s', (text, reason) => {
    expect(() => toDuration(text, 'ms')).toThrow(expect.objectContaining({ reason }))
  })

  test.each(['4294967294', '2147483646'])('%s is long, but no sentinel', (text) => {
    expect(toDuration(text, 'ms')).toBe(Number(text) / 1000)
  })
})

describe('instants', () => {
  test.each([
    ['1541548440', 's', 1_541_548_440],
    ['1541548440123', 'ms', 1_541_548_440.123],
    ['0', 's', 0],
    ['7258118400', 's', 7_258_118_400],
    ['2018-11-06T23:54:00Z', 'iso', 1_541_548_440],
    ['2018-11-06 23:54:00', 'iso', 1_541_548_440],
    ['2018-11-06T23:54:00.5Z', 'iso', 1_541_548_440.5],
    ['2018-11-07T00:54:00+01:00', 'iso', 1_541_548_440],
    ['2018-11-06T18:54:00-0500', 'iso', 1_541_548_440],
    ['2018-11-06 23:54', 'iso', 1_541_548_440],
    ['2024-02-29', 'iso', 1_709_164_800],
  ] as const)('%s as %s', (text, unit, seconds) => {
    expect(toInstant(text, unit)).toBeCloseTo(seconds, 6)
  })

  test.each([
    ['', 's'],
    ['-1', 's'],
    ['7258118401', 's'],
    ['1541548440123', 's'],
    ['yesterday', 'iso'],
    ['2018-13-01', 'iso'],
    ['2023-02-29', 'iso'],
    ['2018-11-06T24:00:00Z', 'iso'],
    ['1541548440', 'iso'],
    ['1969-12-31T23:59:59Z', 'iso'],
  ] as const)('%j as %s is no instant', (text, unit) => {
    expect(() => toInstant(text, unit)).toThrow(expect.objectContaining({ reason: 'bad-time' }))
  })
})

describe('names', () => {
  test.each([
    ['amo', 'AMO'],
    [' SITE_A ', 'SITE_A'],
    ['X'.repeat(32), 'X'.repeat(32)],
  ])('%s is %s', (text, name) => {
    expect(toSiteName(text)).toBe(name)
  })

  test.each(['', 'a b', '../etc', 'X'.repeat(33), '_A', 'é', '__proto__'])('%j is none', (text) => {
    expect(() => toSiteName(text)).toThrow(expect.objectContaining({ reason: 'bad-name' }))
  })

  test.each([
    ['dcache-door.example.org', 'DCACHE_DOOR_EXAMPLE_ORG'],
    ['  eos (prod) ', 'EOS_PROD'],
    ['../../etc/passwd', 'ETC_PASSWD'],
  ])('%s becomes %s', (text, name) => {
    expect(toNormalisedName(text)).toBe(name)
  })

  test.each(['', '---', 'very-long-host-name.in-some.department.example.org'])('%j becomes none', (text) => {
    expect(() => toNormalisedName(text)).toThrow(expect.objectContaining({ reason: 'bad-name' }))
  })
})

test('short text loses control characters and what is too long', () => {
  expect(toShortText(' a\tb\u0000c ', 10, 'x')).toBe('a b c')
  expect(toShortText('abcdef', 3, 'x')).toBe('abc')
  expect(toShortText(' \n ', 3, 'x')).toBe('x')
})

test.each([
  ['3', 3],
  ['3.0', 3],
])('%s is the whole number %d', (text, value) => {
  expect(toWhole(text, 0, 3)).toBe(value)
})

test.each(['4', '-1', '0.5', ''])('%j is no whole number from 0 to 3', (text) => {
  expect(() => toWhole(text, 0, 3)).toThrow(expect.objectContaining({ reason: 'bad-value' }))
})
