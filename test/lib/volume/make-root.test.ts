import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeRoot } from '../../../lib/volume/make-root.ts'
import { aFolder } from '../../support/builders.ts'

test('makes the folder and those above it, and leaves one that is there alone', () => {
  const folder = join(aFolder(), 'a', 'b')
  makeRoot(folder)
  makeRoot(folder)
  expect(statSync(folder).isDirectory()).toBe(true)
})

test('a file in the way is an error, not a folder', () => {
  const folder = aFolder()
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeRoot(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
  expect(() => makeRoot(join(folder, 'file', 'below'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
})

const proc = existsSync('/proc/self')
if (!proc) process.stdout.write('skipped: there is no /proc here\n')

test.skipIf(!proc)('a file system that refuses new folders answers with an error and does not hang', () => {
  expect(() => makeRoot('/proc/nothing/here')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})
