import { Command } from 'commander'
import { expect, test } from 'vitest'
import { cliPage, configurationPage, describeRegistry, metricsPage } from '../../cli/reference.ts'
import { parse, setting } from '../../lib/config.ts'
import { Metrics } from '../../lib/metrics.ts'

const shared = setting({ env: 'LOG_LEVEL', schema: parse.text(), fallback: 'info', description: 'Level' })

test('a setting that all services share is told once, the others under their service', () => {
  const port = setting({
    env: 'DTMS_PORT',
    aliases: ['PORT'],
    schema: parse.integer(),
    fallback: 1,
    description: 'a | b',
  })
  const key = setting({ env: 'DTMS_API_KEY', schema: parse.text(), secret: true, description: 'Key' })
  const page = configurationPage([
    { service: 'one', title: 'One.', settings: { shared, port } },
    { service: 'two', title: 'Two.', settings: { shared, key } },
  ])
  expect(page.split('`LOG_LEVEL`')).toHaveLength(2)
  expect(page).toContain('| `DTMS_PORT` (also `PORT`) | `1` |  | a \\| b |')
  expect(page).toContain('| `DTMS_API_KEY` | required |  | Key Secret; also as `DTMS_API_KEY_FILE`. |')
})

test('every metric is told with its type, labels and text', async () => {
  const metrics = new Metrics()
  metrics.counter({ name: 'dtms_b_total', help: 'B', labels: ['site'] })
  metrics.gauge({ name: 'dtms_a', help: 'A' })
  expect(await describeRegistry(metrics.registry)).toContainEqual({
    name: 'dtms_b_total',
    type: 'counter',
    help: 'B',
    labels: ['site'],
  })
  const page = await metricsPage([{ service: 'x', registries: [metrics.registry] }])
  expect(page.indexOf('dtms_a')).toBeLessThan(page.indexOf('dtms_b_total'))
})

test('the command page shows the help of every level', () => {
  const program = new Command('dtms')
  program.command('log').description('look').command('verify').description('check')
  const page = cliPage(program)
  expect(page).toContain('## dtms\n')
  expect(page).toContain('#### dtms log verify\n')
})
