// Compiles the sources to dist/ and copies the files that are served as they are.
// Does nothing when dist/ is newer than every input, so that `npm start` costs no compile.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const stamp = join(dist, '.built')
const rooms = [
  'cli',
  'lib',
  'simulator',
  'exporters',
  'anomaly',
  'freshness',
  'correlation',
  'streaming',
  'api',
].filter((room) => existsSync(join(root, room)))
const inputs = [...rooms, 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']

function newest(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  // A folder's own time counts too: it changes when a file in it is removed.
  return readdirSync(path).reduce((time, name) => Math.max(time, newest(join(path, name))), stats.mtimeMs)
}

const force = process.argv.includes('--force')
const installed = existsSync(join(root, 'node_modules', 'typescript'))
if (!installed && existsSync(join(dist, 'cli', 'main.js'))) process.exit(0) // an unpacked package ships dist/ without the compiler
const newestInput = inputs.reduce((time, name) => Math.max(time, newest(join(root, name))), 0)
if (!force && existsSync(stamp) && statSync(stamp).mtimeMs > newestInput) process.exit(0)

if (force) rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
const require = createRequire(import.meta.url)
try {
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
    cwd: root,
  })
} catch {
  process.stderr.write('build failed: see the compiler messages above\n')
  process.exit(1)
}

const assets = join(dist, 'assets')
mkdirSync(assets, { recursive: true })
const copies = [
  ['swagger-ui-dist', ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE']],
  ['redoc', ['bundles/redoc.standalone.js', 'LICENSE']],
]
for (const [name, files] of copies) {
  const folder = dirname(require.resolve(`${name}/package.json`))
  for (const file of files) {
    const base = file.split('/').at(-1)
    cpSync(join(folder, file), join(assets, /^[A-Z]+$/.test(base) ? `${name}.${base}.txt` : base))
  }
}
for (const folder of ['api/page', 'simulator/scenarios']) {
  if (existsSync(join(root, folder))) cpSync(join(root, folder), join(dist, folder), { recursive: true })
}
writeFileSync(stamp, '')
