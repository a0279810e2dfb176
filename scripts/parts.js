// Builds from source what suites start and no package brings, into the cache folder: npm run parts [prometheus] [cluster].
// The suites do the same by themselves; this is for having it done beforehand.
import process from 'node:process'
import { createViteServer } from 'vitest/node'

const PARTS = new Map([
  ['prometheus', { module: '/test/support/prometheus-parts.ts', build: 'buildPrometheus3', lack: 'noPrometheus3' }],
  ['cluster', { module: '/test/support/cluster-parts.ts', build: 'fetchCluster', lack: 'noCluster' }],
])

const asked = process.argv.length > 2 ? process.argv.slice(2) : [...PARTS.keys()]
const unknown = asked.filter((name) => !PARTS.has(name))
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${[...PARTS.keys()].join(', ')}\n`)
  process.exit(2)
}

// The builders are TypeScript of the tests, which this Node may not read by itself.
const server = await createViteServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
})
for (const name of asked) {
  const { module, build, lack } = PARTS.get(name)
  const loaded = await server.ssrLoadModule(module)
  loaded[build]()
  const reason = loaded[lack]()
  process.stdout.write(`${name}: ${reason ?? 'there'}\n`)
  if (reason !== undefined) process.exitCode = 1
}
await server.close()
