import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findTool, noTool, runTool } from '../../../cli/preflight/tool.ts'
import { aFolder } from '../../support/builders.ts'

function aProgram(name: string, text = 'exit 0', folder = aFolder()): string {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(folder, name), 0o755)
  return folder
}

test('oc is taken before kubectl, wherever on the PATH they are', () => {
  const [kubectl, oc] = [aProgram('kubectl'), aProgram('oc')]
  expect(findTool(undefined, `${kubectl}:${oc}`, [])).toMatchObject({ name: 'oc', path: join(oc, 'oc') })
  expect(findTool(undefined, `:${kubectl}`, ['--context', 'x'])).toEqual({
    name: 'kubectl',
    path: join(kubectl, 'kubectl'),
    options: ['--context', 'x'],
  })
})

test('what is no program is passed over, and nothing found is nothing', () => {
  const folder = aFolder()
  writeFileSync(join(folder, 'kubectl'), 'text')
  chmodSync(join(folder, 'kubectl'), 0o644)
  expect(findTool(undefined, folder, [])).toBeUndefined()
  expect(findTool(undefined, undefined, [])).toBeUndefined()
  expect(noTool('is needed')).toMatchObject({ code: 'usage.invalid', hint: expect.stringContaining('--kubectl') })
})

test('a named program is taken as it is; its name says which of the two it is', () => {
  expect(findTool('/opt/oc-4.20', undefined, [])).toMatchObject({ name: 'oc', path: '/opt/oc-4.20' })
  expect(findTool('/opt/k', undefined, [])).toMatchObject({ name: 'kubectl' })
})

test('a run answers code and both outputs, and gives the input', async () => {
  const path = join(aProgram('kubectl', 'cat; echo "$1" >&2; exit 3'), 'kubectl')
  expect(await runTool({ path, name: 'kubectl', options: [] }, ['x'], 'in')).toEqual({ code: 3, out: 'in', err: 'x\n' })
})

test('a program that cannot be started is a usage error', async () => {
  const path = join(aFolder(), 'none')
  await expect(runTool({ path, name: 'oc', options: [] }, [])).rejects.toMatchObject({
    code: 'usage.invalid',
    message: `${path} cannot be run (ENOENT)`,
  })
})
