import { expect, test } from 'vitest'
import { Header } from '../../../exporters/import/header.ts'

test.each([
  ['size', 1],
  ['SIZE', 1],
  [' size ', 1],
  ['time', 0],
  ['none', undefined],
])('%j stands at %s', (name, place) => {
  expect(new Header(['Time', ' Size', 'size']).find(name)).toBe(place)
})

test('all missing columns are told at once, with what is there and what to do', () => {
  const header = new Header(['Time', 'x'.repeat(200)])
  header.need('time')
  header.need('size')
  header.need('start', 'begin')
  expect(() => header.check('some-csv')).toThrow(
    expect.objectContaining({
      code: 'input.unreadable',
      message: 'the file lacks the columns size, start or begin',
      hint: expect.stringMatching(/^its first line has: Time, x{40}; some-csv needs.*docs\/import\.md/),
    }),
  )
})
