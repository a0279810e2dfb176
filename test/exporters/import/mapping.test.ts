import { describe, expect, test } from 'vitest'
import { parseMapping } from '../../../exporters/import/mapping.ts'

const good = `version: 1
columns:
  site: {constant: LAB}
  source: from
  destination: {column: to}
  start: {column: began, unit: iso}
  duration: {column: took, unit: ms}
  size: {column: size, unit: MiB}
`

describe('a mapping', () => {
  test('has sensible defaults', () => {
    expect(parseMapping(good, 'm.yaml')).toMatchObject({
      delimiter: ',',
      header: true,
      names: 'normalise',
      zeroDuration: 'quarantine',
      columns: { source: { column: 'from' }, protocol: { constant: 'unknown' }, activity: { constant: 'transfer' } },
    })
  })

  test.each([
    ['an unknown key', good.replace('version: 1', 'version: 1\ncolour: blue'), 'm.yaml:2:1 unknown key "colour"'],
    ['an unknown column', `${good}  colour: x\n`, 'm.yaml:9:3 columns: unknown key "colour"'],
    ['a wrong unit', good.replace('MiB', 'megs'), /m\.yaml:8:30 columns\.size\.unit: .*expected one of/],
    [
      'a name that is none',
      good.replace('LAB', 'my lab'),
      /m\.yaml:3:20? .*must be a site name|m\.yaml:3:\d+ columns\.site/,
    ],
    ['a missing column', good.replace(/ {2}size.*\n/, ''), /m\.yaml:3:3 columns\.size: /],
    [
      'one time alone',
      good.replace(/ {2}duration.*\n/, ''),
      /needs two of start, end and duration; only start is there/,
    ],
    ['no times', good.replace(/ {2}duration.*\n/, '').replace(/ {2}start.*\n/, ''), /duration; none is there/],
    ['a newer version', good.replace('version: 1', 'version: 2'), /m\.yaml:1:10 version/],
    ['a delimiter of two characters', `delimiter: "::"\n${good}`, /m\.yaml:1:12 delimiter/],
    ['broken YAML', 'version: [1\n', /m\.yaml:\d+:\d+ /],
    ['nothing', '', /m\.yaml:1:1 /],
    ['a list', '- 1\n', /m\.yaml:1:1 /],
  ])('%s is told with its place', (_, text, message) => {
    expect(() => parseMapping(text, 'm.yaml')).toThrow(
      expect.objectContaining({
        code: 'input.mapping',
        message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
        hint: expect.stringContaining('docs/import.md'),
      }),
    )
  })

  test('all problems come at once, first come first', () => {
    const text = good.replace('iso', 'epoch').replace('MiB', 'megs').replace('version: 1', 'version: 3')
    expect(() => parseMapping(text, 'm.yaml')).toThrow(
      /3 problems:\n {2}m\.yaml:1:.*\n {2}m\.yaml:6:.*\n {2}m\.yaml:8:/,
    )
  })

  test('hostile files are refused, not expanded', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
      .join('\n')}\n`
    expect(() => parseMapping(bomb, 'm.yaml')).toThrow(/too many aliases/)
    expect(() => parseMapping('['.repeat(50_000), 'm.yaml')).toThrow(expect.objectContaining({ code: 'input.mapping' }))
    expect(() => parseMapping('#'.repeat(70_000), 'm.yaml')).toThrow(/larger than/)
  })
})
