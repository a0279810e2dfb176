import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const rooms = ['cli', 'lib', 'simulator', 'exporters', 'anomaly', 'freshness', 'correlation', 'streaming', 'api']

// Tracked and new files alike; a tree that was unpacked without its history has nothing to list.
const listing = (() => {
  try {
    return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    })
  } catch {
    return undefined
  }
})()
const files = (listing ?? '').split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
const sources = files.filter((file) => rooms.includes(file.split('/')[0] ?? '') && file.endsWith('.ts'))
if (listing === undefined) process.stdout.write('skipped: the checks of the file tree need git\n')

test.skipIf(listing === undefined)('every source file has a test beside it in the mirrored tree', () => {
  const exempt = /(^|\/)(main|config|metrics|types|settings)\.ts$|\.d\.ts$/
  const missing = sources.filter((file) => {
    if (exempt.test(file) || isTypesOnly(file)) return false
    return !existsSync(join(root, 'test', file.replace(/\.ts$/, '.test.ts')))
  })
  expect(missing).toEqual([])
})

test.skipIf(listing === undefined)('no source file is longer than 500 lines', () => {
  const code = files.filter((file) => /\.(ts|js|css|html)$/.test(file))
  const long = code.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 501)
  expect(long).toEqual([])
})

test.skipIf(listing === undefined)('every relative link of the documents leads to a file', () => {
  const dead: string[] = []
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (target === undefined || /^[a-z]+:/.test(target)) continue
      if (!existsSync(join(root, dirname(file), target))) dead.push(`${file}: ${target}`)
    }
  }
  expect(dead).toEqual([])
})

test('every dependency is pinned exactly and has a licence that MIT code may ship with', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0', 'MIT OR Apache-2.0']
  const problems: string[] = []
  for (const [name, range] of Object.entries<string>({ ...manifest.dependencies, ...manifest.devDependencies })) {
    if (!/^\d+\.\d+\.\d+$/.test(range)) problems.push(`${name} is not pinned: ${range}`)
    const { license } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    if (!allowed.includes(String(license))) problems.push(`${name} has licence ${license}`)
  }
  expect(problems).toEqual([])
})

/** A file whose every statement vanishes when compiled holds nothing that could be tested. */
function isTypesOnly(file: string): boolean {
  const compiled = join(root, 'dist', file.replace(/\.ts$/, '.js'))
  if (!existsSync(compiled)) return false
  const code = readFileSync(compiled, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '')
    .trim()
  return code === '' || code === 'export {};'
}
