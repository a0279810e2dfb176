import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ExporterMetrics } from '../../exporters/metrics.ts'
import { siteName } from '../../lib/names.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { createVolumeMetrics } from '../../lib/volume/metrics.ts'
import { sloRules, windowsOf } from '../../scripts/slo-rules.js'
import { StreamMetrics } from '../../streaming/stream-metrics.ts'

interface Objective {
  name: string
  layer: string
  objective: number
  within?: { histogram: string; seconds: number }
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const table = parse(readFileSync(`${root}openshift/prometheus/slo.yaml`, 'utf8'))
const slos: Objective[] = table.slos

test.each([...sloRules(root)])('%s says what slo.yaml says (npm run slo:build writes it)', (path, text) => {
  expect(existsSync(root + path)).toBe(true)
  expect(readFileSync(root + path, 'utf8')).toBe(text)
})

test('the table holds the objectives of all three layers', () => {
  const told = slos.map(({ name, objective, within }) => [name, objective, within?.seconds])
  expect(told).toEqual([
    ['collection-availability', 0.999, undefined],
    ['collection-latency', 0.95, 0.5],
    ['collection-errors', 0.999, undefined],
    ['processing-availability', 0.9995, undefined],
    ['processing-latency', 0.95, 2],
    ['processing-errors', 0.9995, undefined],
    ['storage-availability', 0.9999, undefined],
    ['storage-write-latency', 0.95, 0.1],
    ['storage-read-latency', 0.95, 0.05],
    ['storage-errors', 0.9999, undefined],
  ])
})

test('the bound of a latency is a bound of its histogram, without which good events could not be counted', async () => {
  const exporters = new ExporterMetrics()
  exporters.observeWrite(siteName('SITE_A'), 1)
  const registries = [
    exporters.registry,
    new StreamMetrics({ windowStaleSeconds: 1, clusterguard: false }).registry,
    createVolumeMetrics(createInlineVolume({ root: '.' })).registry,
  ]
  const shown = (await Promise.all(registries.map((registry) => registry.metrics()))).join('\n')
  const bounds = slos.flatMap(({ within }) => (within === undefined ? [] : [within]))
  expect(bounds).toHaveLength(4)
  for (const { histogram, seconds } of bounds)
    expect(shown).toMatch(new RegExp(`^${histogram}_bucket\\{[^}]*le="${seconds}"`, 'm'))
})

test('a period of 30 days has the windows of the table as they are', () => {
  expect(windowsOf(table.burnRates, table.periods[1])).toEqual([
    { factor: 14.4, long: '1h', short: '5m', severity: 'critical' },
    { factor: 6, long: '6h', short: '30m', severity: 'critical' },
    { factor: 3, long: '1d', short: '2h', severity: 'warning' },
    { factor: 1, long: '3d', short: '6h', severity: 'warning' },
  ])
})

test('windows of 12 hours hold enough scrapes, and a pair that another one would outrun is left out', () => {
  expect(windowsOf(table.burnRates, table.periods[0])).toEqual([
    { factor: 6, long: '6m', short: '1m', severity: 'critical' },
    { factor: 3, long: '24m', short: '2m', severity: 'warning' },
    { factor: 1, long: '72m', short: '6m', severity: 'warning' },
  ])
})
