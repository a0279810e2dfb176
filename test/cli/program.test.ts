import { expect, test } from 'vitest'
import { version } from '../../lib/version.ts'
import { runHere } from '../support/cli.ts'

const commands = ['up', 'run', 'simulate', 'import', 'log']

test.each([[[]], [['--help']], [['help']]])('%j lists every command and ends with 0', async (args) => {
  const { code, out } = await runHere(args)
  expect(code).toBe(0)
  for (const command of commands) expect(out.join('\n')).toContain(command)
})

test.each(commands)('%s explains itself', async (command) => {
  const { code, out } = await runHere([command, '--help'])
  expect([code, out.join('\n')]).toEqual([0, expect.stringContaining(`dtms ${command}`)])
})

test('the version is printed', async () => {
  expect(await runHere(['--version'])).toMatchObject({ code: 0, out: [version] })
})

test.each([
  [['bogus']],
  [['up', '--nonsense']],
  [['import', '--format', 'slac-csv']],
  [['log', 'verify', 'extra', 'word']],
])('%j is a usage error that says how to go on', async (args) => {
  const { code, err } = await runHere(args)
  expect(code).toBe(2)
  expect(err.join('\n')).toContain('--help')
})
