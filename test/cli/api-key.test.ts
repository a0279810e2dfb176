import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureApiKey } from '../../cli/api-key.ts'
import { aFolder } from '../support/builders.ts'

test('a key is generated once, kept with mode 600, and the same at the next start', () => {
  const folder = join(aFolder(), 'data')
  const first = ensureApiKey(undefined, folder)
  expect(first.key).toMatch(/^[\w-]{32}$/)
  expect(statSync(join(folder, 'api-key')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, 'api-key'), 'utf8').trim()).toBe(first.key)
  expect(ensureApiKey(undefined, folder).key).toBe(first.key)
})

test('a configured key wins and no file is written', () => {
  const folder = aFolder()
  expect(ensureApiKey('a-key-from-the-settings', folder)).toEqual({
    key: 'a-key-from-the-settings',
    from: 'DTMS_API_KEY',
  })
  expect(() => statSync(join(folder, 'api-key'))).toThrow()
})

test('a key file that was emptied by hand is refused with the remedy', () => {
  const folder = aFolder()
  writeFileSync(join(folder, 'api-key'), '')
  expect(() => ensureApiKey(undefined, folder)).toThrow(
    expect.objectContaining({ code: 'config.invalid', hint: expect.stringContaining('delete that file') }),
  )
})

test('a data directory that is a file is refused with the remedy', () => {
  const folder = aFolder()
  writeFileSync(join(folder, 'data'), 'not a folder')
  expect(() => ensureApiKey(undefined, join(folder, 'data'))).toThrow(
    expect.objectContaining({ code: 'volume.unavailable', hint: expect.stringContaining('DTMS_DATA_DIR') }),
  )
})
