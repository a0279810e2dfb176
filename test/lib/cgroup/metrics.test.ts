import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLimitMetrics } from '../../../lib/cgroup/metrics.ts'
import { exposition } from '../../../lib/metrics.ts'
import { aVersion1Tree, aVersion2Tree } from '../../support/cgroup-tree.ts'

const nowhere = { membership: '/does/not/exist', mounts: '/does/not/exist' }

async function lines(registry: ReturnType<typeof createLimitMetrics>): Promise<string[]> {
  return (await exposition([registry])).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test.each([
  ['version 1', aVersion1Tree],
  ['version 2', aVersion2Tree],
])('limits and use are exposed as the kernel tells them: %s', async (_what, tree) => {
  expect(await lines(createLimitMetrics(tree().places))).toEqual([
    'dtms_limit_memory_bytes 134217728',
    'dtms_limit_memory_used_bytes 52428800',
    'dtms_limit_memory_peak_bytes 73400320',
    'dtms_limit_cpu_cores 0.3',
    'dtms_limit_cpu_used_seconds_total 2.5',
    'dtms_limit_cpu_periods_total 40',
    'dtms_limit_cpu_throttled_periods_total 3',
    'dtms_limit_cpu_throttled_seconds_total 1.5',
    'dtms_limit_oom_kills_total 2',
  ])
})

test('every scrape reads anew', async () => {
  const { places, root } = aVersion2Tree()
  const registry = createLimitMetrics(places)
  await lines(registry)
  writeFileSync(join(root, 'unified/pod/memory.events'), 'oom_kill 3\n')
  writeFileSync(join(root, 'unified/pod/memory.max'), 'max\n')
  const text = await lines(registry)
  expect(text).toContain('dtms_limit_oom_kills_total 3')
  expect(text.filter((line) => line.startsWith('dtms_limit_memory_bytes'))).toEqual([])
})

test('outside of any control group nothing is exposed but the names', async () => {
  expect(await lines(createLimitMetrics(nowhere))).toEqual([])
})
