import { expect, test } from 'vitest'
import { RowParser, rejectedRow } from '../../../exporters/import/row-parser.ts'
import type { Row } from '../../../exporters/import/rows.ts'
import { slacCsv } from '../../../exporters/import/slac-csv.ts'
import { aSlacRow, SLAC_HEADER } from '../../support/imports.ts'

const aRow = (text: string): Row => ({ line: 7, offset: 99, bytes: text.length, text, fields: text.split(',') })

function aParser(): RowParser {
  const parser = new RowParser(slacCsv)
  parser.open(SLAC_HEADER.split(','))
  return parser
}

test('a good row has the line it came from', () => {
  expect(aParser().parse(aRow(aSlacRow()))).toMatchObject({ transfer: { origin: { kind: 'slac-csv', line: 7 } } })
})

test.each([
  ['a row with a field too few', aRow(aSlacRow().slice(0, -2)), 'columns'],
  ['a row with a field too many', aRow(`${aSlacRow()},9`), 'columns'],
  ['a row that is none', { line: 7, offset: 99, bytes: 3, text: 'x', reason: 'quoting' as const }, 'quoting'],
  ['a value that no record may have', aRow(aSlacRow(0, { start: '7258118400' })), 'out-of-range'],
])('%s has a reason', (_, row, reason) => {
  expect(aParser().parse(row)).toEqual({ reason })
})

test('without a header nothing is a row', () => {
  const parser = new RowParser(slacCsv)
  expect([parser.isOpen, parser.parse(aRow(aSlacRow()))]).toEqual([false, { reason: 'columns' }])
})

test.each([
  ['x'.repeat(1024), 1024],
  ['x'.repeat(1025), 1024],
  ['é'.repeat(600), 512],
  [`${'x'.repeat(1023)}é`, 1023],
  ['😀'.repeat(300), 512],
])('what is kept of a long row is at most 1 KiB of whole characters', (text, units) => {
  const kept = rejectedRow(aRow(text), 'columns', 'log.csv', 0)
  expect(kept).toMatchObject({ line: 7, offset: 99, bytes: text.length, text: text.slice(0, units) })
})
