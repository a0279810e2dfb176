import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Row, RowCutter } from '../../../exporters/import/rows.ts'

function rowsOf(content: string | Buffer, chunkBytes = 1 << 20, whole = true): Row[] {
  const bytes = Buffer.from(content)
  const cutter = new RowCutter(',')
  const rows: Row[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) rows.push(...cutter.cut(bytes.subarray(at, at + chunkBytes)))
  return [...rows, ...cutter.end(whole)]
}

const short = (row: Row): unknown[] => [row.line, row.reason ?? row.fields]

describe('rows of a file', () => {
  test.each<[string, string | Buffer, unknown[][]]>([
    [
      'plain lines',
      'a,b\nc,d\n',
      [
        [1, ['a', 'b']],
        [2, ['c', 'd']],
      ],
    ],
    [
      'a last line without newline',
      'a\nb',
      [
        [1, ['a']],
        [2, ['b']],
      ],
    ],
    [
      'CRLF',
      'a,b\r\nc,d\r\n',
      [
        [1, ['a', 'b']],
        [2, ['c', 'd']],
      ],
    ],
    [
      'a byte order mark',
      '\ufeffa,b\nc\n',
      [
        [1, ['a', 'b']],
        [2, ['c']],
      ],
    ],
    [
      'empty lines',
      '\n\na\n\r\n\nb\n',
      [
        [3, ['a']],
        [6, ['b']],
      ],
    ],
    [
      'a NUL',
      'a\nb\0\nc\n',
      [
        [1, ['a']],
        [2, 'encoding'],
        [3, ['c']],
      ],
    ],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x61, 10, 0xff, 10, 0x63, 10]),
      [
        [1, ['a']],
        [2, 'encoding'],
        [3, ['c']],
      ],
    ],
    [
      'a field over two lines',
      'a,"b\nc"\nd,e\n',
      [
        [1, ['a', 'b\nc']],
        [3, ['d', 'e']],
      ],
    ],
    [
      'a stray quote',
      'a,"b\nc,d\ne,f\n',
      [
        [1, 'quoting'],
        [2, ['c', 'd']],
        [3, ['e', 'f']],
      ],
    ],
    [
      'a stray quote before quoted rows',
      'a,"b\n1,"x"\n2,"y"\n',
      [
        [1, 'quoting'],
        [2, ['1', 'x']],
        [3, ['2', 'y']],
      ],
    ],
    [
      'a stray quote before damage',
      'a,"b\nc,d\n\0\ne,f\n',
      [
        [1, 'quoting'],
        [2, ['c', 'd']],
        [3, 'encoding'],
        [4, ['e', 'f']],
      ],
    ],
    [
      'something behind a quote',
      '"a"b\nc\n',
      [
        [1, 'quoting'],
        [2, ['c']],
      ],
    ],
    ['nothing', '', []],
  ])('%s', (_, content, rows) => {
    expect(rowsOf(content).map(short)).toEqual(rows)
    expect(rowsOf(content, 1).map(short)).toEqual(rows)
  })

  test('a stray quote costs its own line, however long the file', () => {
    const rows = rowsOf(`a,"b\n${'c,d\n'.repeat(1000)}`)
    expect(rows.length).toBe(1001)
    expect(rows.filter(({ reason }) => reason !== undefined).length).toBe(1)
  })

  test('a line of 10 MB between good ones is kept as its beginning', () => {
    const rows = rowsOf(`a\n${'x'.repeat(10_000_000)}\nb\n`, 65_536)
    expect(rows.map(({ line, offset, bytes, reason }) => ({ line, offset, bytes, reason }))).toEqual([
      { line: 1, offset: 0, bytes: 1, reason: undefined },
      { line: 2, offset: 2, bytes: 10_000_000, reason: 'oversized' },
      { line: 3, offset: 10_000_003, bytes: 1, reason: undefined },
    ])
    expect(rows[1]?.text).toBe('x'.repeat(1024))
  })

  test.each([
    [65_535, undefined],
    [65_536, 'oversized'],
  ])('a line of %d bytes', (length, reason) => {
    expect(rowsOf(`${'x'.repeat(length)}\n`, 1000)[0]?.reason).toBe(reason)
  })

  test('an unfinished last line of a file that was cut is not believed', () => {
    expect(rowsOf('a,1\nb,19', 1 << 20, false).map(short)).toEqual([
      [1, ['a', '1']],
      [2, 'cut'],
    ])
  })

  test('chunks of any size give the same rows', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', 'é', '\0') })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (content, chunkBytes) => {
        expect(rowsOf(content, chunkBytes)).toEqual(rowsOf(content))
      }),
      { numRuns: 2000 },
    )
  })

  test('every byte of the file lies in a row, an empty line or a line end', () => {
    const content = 'a,"b\nc"\r\n\n"x\ny\nlast'
    const rows = rowsOf(content)
    for (const { offset, text } of rows) expect(content.slice(offset, offset + text.length)).toBe(text)
  })

  test('a cutter that begins at the place of another goes on with the following rows', () => {
    const content = Buffer.from('a,b\nc,"d\ne"\nf,g\nh')
    const first = new RowCutter(',')
    const before = first.cut(content.subarray(0, 10))
    const next = new RowCutter(',', first.place)
    const after = next.cut(content.subarray(first.place.offset))
    expect([...before, ...after, ...next.end(true)]).toEqual(rowsOf(content))
  })
})
