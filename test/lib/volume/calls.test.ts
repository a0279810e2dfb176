import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemCalls } from '../../../lib/volume/calls.ts'
import { aFolder } from '../../support/builders.ts'

it('the system tells files, folders and links apart', () => {
  const root = aFolder()
  writeFileSync(join(root, 'file'), 'abc')
  mkdirSync(join(root, 'folder'))
  symlinkSync('file', join(root, 'link'))
  systemCalls.link(join(root, 'file'), join(root, 'second'))
  expect(systemCalls.lstat(join(root, 'file'))).toEqual({ size: 3, kind: 'file', links: 2 })
  expect(systemCalls.lstat(join(root, 'folder')).kind).toBe('folder')
  expect(systemCalls.lstat(join(root, 'link')).kind).toBe('link')
  expect(systemCalls.lstat('/dev/null').kind).toBe('other')
})
