import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isOpen, splitFields } from '../../../exporters/import/fields.ts'

describe('the fields of a row', () => {
  test.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['', ['']],
    [',', ['', '']],
    ['"a","b"', ['a', 'b']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hello""",b', ['say "hello"', 'b']],
    ['"",""""', ['', '"']],
    ['a "quoted" name,b', ['a "quoted" name', 'b']],
    ['"two\nlines",b', ['two\nlines', 'b']],
  ])('%j', (row, fields) => {
    expect(splitFields(row, ',')).toEqual(fields)
  })

  test.each(['"a', 'a,"b', '"a"b,c', '"a""', '"a" ,b'])('%j cannot be taken apart', (row) => {
    expect(splitFields(row, ',')).toBeUndefined()
  })

  test('are those of csv-parse for every row that a program writes', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'B', '1', '"', ',', ';', ' ', '\n', 'é', '-') })
    const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
    fc.assert(
      fc.property(fc.array(field, { minLength: 2, maxLength: 8 }), (fields) => {
        const row = fields.map(quoted).join(',')
        expect(splitFields(row, ',')).toEqual(fields)
        expect([splitFields(row, ',')]).toEqual(parse(row, { relax_column_count: true }))
        expect(isOpen(row, ',')).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a row is open', () => {
  test.each([
    ['"a', true],
    ['a,"b', true],
    ['"a""', true],
    ['"a","b\nc', true],
    ['"a"', false],
    ['a"b', false],
    ['"a","b"', false],
    ['a,b', false],
    ['"a"b,c', false],
  ])('%j: %s', (row, open) => {
    expect(isOpen(row, ',')).toBe(open)
  })
})
