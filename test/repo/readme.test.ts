import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { dtms } from '../support/dtms.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

test('the mapping that the README shows imports a log of that form', async () => {
  const mapping = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const folder = aFolder()
  writeFileSync(join(folder, 'mapping.yaml'), mapping)
  writeFileSync(
    join(folder, 'log.csv'),
    'recorder,from,to,started,elapsed,bytes,state\nA,A,B,1700000000,1500,1000,DONE\nA,A,B,1700000010,0,5,DONE\n',
  )
  const args = [
    '--mapping',
    join(folder, 'mapping.yaml'),
    '--in',
    join(folder, 'log.csv'),
    '--out',
    join(folder, 'out'),
  ]
  const { code, out } = await dtms(['import', '--format', 'mapped-csv', ...args, '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    read: 2,
    imported: 1,
    quarantined: { total: 1, byReason: { 'zero-duration': 1 } },
    sites: ['A'],
  })
})

test('every command that the README names exists', async () => {
  const named = [...readme.matchAll(/npm run dtms -- (\w+)(?: (\w+))?/g)].map(([, command, sub]) => [command, sub])
  expect(named.length).toBeGreaterThan(2)
  for (const [command, sub] of named) {
    const words = command === 'log' ? [command, sub] : [command]
    const { code } = await dtms([...words.filter((word) => word !== undefined), '--help'])
    expect([words, code]).toEqual([words, 0])
  }
})
