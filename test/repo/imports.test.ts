import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const forbidden = [
  ['lib/record/validate.ts', '../../anomaly/app.ts', 'nothing imports upwards'],
  ['anomaly/app.ts', '../freshness/app.ts', 'no service imports another'],
  ['api/routes/faults.ts', '../../simulator/world.ts', 'fault catalogue only'],
  ['freshness/app.ts', '../simulator/world.ts', 'only exporters and lab'],
  ['simulator/world.ts', 'node:fs', 'a domain file does no I/O'],
  ['simulator/faults/none.ts', '../../lib/logger.ts', 'a domain file does no I/O'],
  ['anomaly/threshold.ts', 'node:fs', 'a domain file does no I/O'],
  ['anomaly/pipeline.ts', './metrics.ts', 'a domain file does no I/O'],
  ['correlation/analysis.ts', '../lib/volume/volume.ts', 'a domain file does no I/O'],
  ['lib/staleness/states.ts', '../config.ts', 'a domain file does no I/O'],
  ['exporters/app.ts', '../cli/up.ts', 'nothing imports upwards'],
  ['freshness/metrics.ts', 'prom-client', 'lib/metrics.ts'],
  ['exporters/app.ts', 'express', 'lib/http and api'],
  ['correlation/app.ts', 'node-cron', 'lib/schedule.ts'],
  ['anomaly/engines.ts', 'ml-isolation-forest', 'one adapter'],
  ['streaming/kafka/publisher.ts', 'kafkajs', 'one file of streaming'],
] as const

const allowed = [
  ['api/routes/faults.ts', '../../simulator/faults/catalogue.ts'],
  ['exporters/simulator-source.ts', '../simulator/world.ts'],
  ['anomaly/forest-npm.ts', 'ml-isolation-forest'],
  ['streaming/kafka-bus.ts', 'kafkajs'],
  ['lib/http/server.ts', 'express'],
  ['lib/metrics.ts', 'prom-client'],
  ['freshness/app.ts', '../lib/staleness/tracker.ts'],
] as const

/** What the linter says of a tree in which each file has just that import, by file. */
function lintTree(imports: readonly (readonly [file: string, specifier: string, ...rest: string[]])[]): string {
  const folder = aFolder()
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...config, $schema: undefined, vcs: undefined }))
  const lines = new Map<string, string[]>()
  for (const [file, specifier] of imports) lines.set(file, [...(lines.get(file) ?? []), specifier])
  for (const [file, specifiers] of lines) {
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    const text = specifiers.map((specifier, n) => `import { x as x${n} } from '${specifier}'`).join('\n')
    writeFileSync(join(folder, file), `${text}\n`)
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--reporter=github', '.']
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).stdout
}

test('the linter refuses every import that the rooms forbid, and says why', () => {
  const report = lintTree(forbidden)
  const silent = forbidden.filter(([file, , reason]) => {
    return !report.split('\n').some((line) => line.includes(file) && line.includes(reason))
  })
  expect(silent).toEqual([])
})

test('the linter lets the few importers of a package and the allowed rooms pass', () => {
  expect(lintTree(allowed)).not.toContain('noRestrictedImports')
})
