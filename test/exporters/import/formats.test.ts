import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatNames, openFormat } from '../../../exporters/import/formats.ts'
import { aFolder } from '../../support/builders.ts'

test('the formats have their names as the kind of origin', () => {
  for (const name of formatNames.filter((name) => name !== 'mapped-csv')) expect(openFormat(name).kind).toBe(name)
})

test.each([
  ['xml', undefined, 'usage.invalid', /unknown format "xml"/],
  ['mapped-csv', undefined, 'usage.invalid', /needs a mapping/],
  ['slac-csv', 'm.yaml', 'usage.invalid', /does not go with/],
  ['mapped-csv', join(aFolderName(), 'none.yaml'), 'input.unreadable', /cannot be read \(ENOENT\)/],
])('%s with mapping %s is refused', (name, mapping, code, message) => {
  expect(() => openFormat(name, mapping)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message), hint: expect.any(String) }),
  )
})

function aFolderName(): string {
  return 'no-such-folder'
}

test('a folder is no mapping', () => {
  expect(() => openFormat('mapped-csv', aFolder())).toThrow(/cannot be read \(EISDIR\)/)
})
