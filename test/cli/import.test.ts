import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'

const rows = [
  'instr,ftype,start,fsz,elap,ttype,fsid,nstripe,stripe0,stripeall',
  'amo,0,1541548440,6512513552,194000,0,3,1,2,2',
  'amo,0,1541548500,6512513552,0,0,3,1,2,2',
  'cxi,1,1541548400,1000,4294967295,1,3,1,2,2',
  'cxi,1,1541548300,1000,2000,1,3,1,2,2',
]

function aLog(): { file: string; out: string } {
  const folder = aFolder()
  writeFileSync(join(folder, 'log.csv'), `${rows.join('\n')}\n`)
  return { file: join(folder, 'log.csv'), out: join(folder, 'out') }
}

test('what was done is told with the reasons and the next step', async () => {
  const { file, out: folder } = aLog()
  const { code, out } = await runHere(['import', '--format', 'slac-csv', '--in', file, '--out', folder])
  expect(code).toBe(0)
  const text = out.join('\n')
  expect(text).toMatch(/imported +2\n/)
  expect(text).toMatch(/quarantined +2 +\(.*zero-duration 1/)
  expect(text).toMatch(/out of order 1 /)
  expect(text).toContain(`dtms up --data ${folder} --source none`)
})

test('--json is one object, and a second import finds everything there', async () => {
  const { file, out: folder } = aLog()
  const args = ['import', '--format', 'slac-csv', '--in', file, '--out', folder, '--json']
  expect(JSON.parse((await runHere(args)).out.join(''))).toMatchObject({ read: 4, imported: 2, repeated: 0 })
  expect(JSON.parse((await runHere(args)).out.join(''))).toMatchObject({ read: 4, imported: 0, repeated: 2 })
})

test('a file that is not there, and a mapping that is missing, are told with the next step', async () => {
  const folder = aFolder()
  const gone = await runHere(['import', '--format', 'slac-csv', '--in', join(folder, 'no.csv'), '--out', folder])
  expect([gone.code, gone.err[0]]).toEqual([1, expect.stringContaining('no.csv')])
  const bare = await runHere(['import', '--format', 'mapped-csv', '--in', 'x.csv', '--out', folder])
  expect([bare.code, bare.err.join('\n')]).toEqual([2, expect.stringContaining('--mapping')])
})
