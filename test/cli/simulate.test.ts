import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'

function tree(root: string, folder = root): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) for (const [file, text] of tree(root, path)) files.set(file, text)
    else files.set(relative(root, path), readFileSync(path, 'latin1'))
  }
  return files
}

const short = ['--days', '0.05', '--seed', '7']

test('the same arguments write the same tree, and nothing but the log', async () => {
  const [a, b] = [aFolder(), aFolder()]
  const fault = ['--fault', 'link-brownout:SITE_A>SITE_B:0.8:10m:20m']
  expect((await runHere(['simulate', ...short, ...fault, '--out', a])).code).toBe(0)
  expect((await runHere(['simulate', ...short, ...fault, '--out', b])).code).toBe(0)
  const files = tree(a)
  expect(tree(b)).toEqual(files)
  expect([...files.keys()].filter((file) => !/ndjson$/.test(file))).toEqual(['world.json'])
  expect([...files.keys()].some((file) => file.startsWith('truth/SITE_A/'))).toBe(true)
})

test('--json is one object with what was written', async () => {
  const { code, out } = await runHere(['simulate', ...short, '--site', 'SITE_B', '--out', aFolder(), '--json'])
  expect(code).toBe(0)
  expect(out).toHaveLength(1)
  expect(JSON.parse(out[0] ?? '')).toMatchObject({
    sites: ['SITE_B'],
    from: 1_704_067_200,
    records: expect.any(Number),
  })
})

test('--fit compares with the published figures', async () => {
  const { out } = await runHere(['simulate', '--days', '0.2', '--fit', '--json'])
  const { rows } = JSON.parse(out[0] ?? '') as { rows: { name: string; target: number; simulated: number }[] }
  expect(rows.length).toBeGreaterThan(10)
  for (const row of rows) expect(row).toMatchObject({ target: expect.any(Number), errorPercent: expect.any(Number) })
})

test.each([
  { args: [], hint: '--out' },
  { args: ['--out', 'x', '--fault', 'nonsense'], hint: 'kind:scope:severity:start:duration' },
  { args: ['--out', 'x', '--scenario', 'nowhere'], hint: 'default' },
  { args: ['--out', 'x', '--site', 'site_a'], hint: 'A-Z' },
])('$args is refused with the next step', async ({ args, hint }) => {
  const { code, err } = await runHere(['simulate', ...short, ...args])
  expect(code).not.toBe(0)
  expect(err.join('\n')).toContain(hint)
})

test('a folder that holds another world is refused', async () => {
  const out = aFolder()
  await runHere(['simulate', ...short, '--out', out])
  const { code, err } = await runHere(['simulate', '--days', '0.05', '--seed', '8', '--out', out])
  expect([code, err.join('\n')]).toEqual([1, expect.stringContaining('--out')])
})
