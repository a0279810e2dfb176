import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { aFolder, eventually } from '../support/builders.ts'
import { boards, queriesOf } from '../support/dashboards.ts'
import { described, empty } from '../support/drawn.ts'
import { startUp, untilReady } from '../support/dtms.ts'
import { ask } from '../support/http.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { noPrometheus } from '../support/prometheus-parts.ts'
import { ruleFiles } from '../support/rules.ts'

const SETTLED_MS = 120_000

it.skipIf(noPrometheus() !== undefined)('the boards draw the all-in-one as well', async () => {
  const data = aFolder()
  const app = await startUp(['--data', data, '--backfill-hours', '6', '--speed', '20'])
  await untilReady(app.url)
  const address = new URL(app.url).host
  const prometheus = await startPrometheus({
    config: {
      global: { scrape_interval: '2s', evaluation_interval: '2s', scrape_timeout: '2s' },
      rule_files: ['rules/*.yml'],
      scrape_configs: [{ job_name: 'dtms', static_configs: [{ targets: [address], labels: { service: 'dtms' } }] }],
    },
    ruleFiles: ruleFiles().map(({ path }) => path),
  })
  onTestFinished(prometheus.stop)
  const authorization = `Bearer ${readFileSync(join(data, 'api-key'), 'utf8').trim()}`
  const body = { kind: 'destination-full', scope: { site: 'SITE_C' }, durationSeconds: 7200 }
  expect((await ask(`${app.url}/v1/faults`, { method: 'POST', headers: { authorization }, body })).status).toBe(201)
  // A laptop sets no limits; panels about them say so.
  let left = queriesOf(boards()).filter(({ expr }) => !expr.includes('dtms_limit_'))
  const began = Date.now()
  await eventually(async () => {
    left = await empty(prometheus, left)
    return left.length === 0 || Date.now() - began > SETTLED_MS
  }, SETTLED_MS + 60_000)
  expect(left.map(described)).toEqual([])
})
