import { expect, test } from 'vitest'
import { dataOption, instant, positiveNumber, wholeNumber, withOptions } from '../../cli/options.ts'

test.each([
  ['2024-01-01', 1_704_067_200],
  ['2024-01-01T12:00:00', 1_704_110_400],
  ['2024-01-01T12:00:00Z', 1_704_110_400],
  ['2024-01-01T13:00:00+01:00', 1_704_110_400],
  ['1704067200', 1_704_067_200],
  ['0', 0],
])('the instant %s is %d', (text, seconds) => {
  expect(instant(text)).toBe(seconds)
})

test.each(['', 'soon', '2024-13-01', '2024-01-01T25:00'])('%j is no instant', (text) => {
  expect(() => instant(text)).toThrow('must be a date')
})

test.each(['', '1.5', 'x', '9007199254740992'])('%j is no whole number', (text) => {
  expect(() => wholeNumber(text)).toThrow('whole number')
})

test('positive numbers end above zero', () => {
  expect(positiveNumber('0.5')).toBe(0.5)
  expect(() => positiveNumber('0')).toThrow('above 0')
  expect(() => positiveNumber('Infinity')).toThrow('above 0')
})

test('an option wins over the environment, and what is not given leaves it alone', () => {
  const context = { env: { DTMS_DATA_DIR: 'a', OTHER: 'x' }, out: () => {}, err: () => {}, terminal: false }
  expect(withOptions(context, [dataOption], { data: 'b' })).toEqual({ DTMS_DATA_DIR: 'b', OTHER: 'x' })
  expect(withOptions(context, [dataOption], {})).toEqual({ DTMS_DATA_DIR: 'a', OTHER: 'x' })
})
