import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseYamlFile } from '../../lib/yaml-file.ts'

const schema = z.strictObject({ name: z.string(), sizes: z.array(z.number()).default([]) })

const parse = (text: string, maxBytes = 10_000) =>
  parseYamlFile(text, 'file.yaml', {
    schema,
    code: 'config.invalid',
    hint: 'look at the manual',
    maxBytes,
    check: (raw) =>
      JSON.stringify(raw)?.includes('forbidden') ? [{ path: ['name'], message: 'must not be that' }] : [],
  })

test('a good file is read, defaults included', () => {
  expect(parse('name: a\n')).toEqual({ name: 'a', sizes: [] })
})

describe('a bad file', () => {
  test.each([
    ['name: 1\n', 'file.yaml:1:7 name: '],
    ['sizes: [1]\n', 'file.yaml:1:1 name: '],
    ['name: a\nsizes:\n  - 1\n  - x\n', 'file.yaml:4:5 sizes.1: '],
    ['name: a\ncolour: blue\n', 'file.yaml:2:1 unknown key "colour"'],
    ['name: forbidden\n', 'file.yaml:1:7 name: must not be that'],
    ['name: [\n', 'file.yaml:2:1 '],
    ['name: a\nname: b\n', 'file.yaml:2:1 '],
    ['x: &a {name: 1}\n', 'file.yaml:1:1 '],
    ['name: &n a\nsizes: *n\n', 'file.yaml:2:8 sizes: '],
  ])('%j: %s', (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        message: expect.stringContaining(message),
        hint: 'look at the manual',
      }),
    )
  })

  test('has all its problems told, in the order of the file', () => {
    expect(() => parse('sizes: [x, y]\nname: 2\n')).toThrow(
      /^file\.yaml has 3 problems:\n {2}file\.yaml:1:9 .*\n {2}file\.yaml:1:12 .*\n {2}file\.yaml:2:7 /,
    )
  })

  test('shows at most 50 of them', () => {
    expect(() => parse(`name: a\nsizes: [${'x, '.repeat(60)}x]\n`)).toThrow(/61 problems:[\s\S]*and 11 more$/)
  })

  test('is measured before it is parsed', () => {
    expect(() => parse('#'.repeat(10_001))).toThrow(/is larger than 10000 bytes/)
    expect(parse(`name: a\n#${'x'.repeat(9991)}`)).toMatchObject({ name: 'a' })
  })
})
