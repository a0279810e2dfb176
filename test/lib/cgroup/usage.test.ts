import { describe, expect, it } from 'vitest'
import { findCgroups } from '../../../lib/cgroup/folders.ts'
import { type CgroupUsage, readUsage } from '../../../lib/cgroup/usage.ts'
import { aVersion1Tree, aVersion2Tree, type CgroupTree } from '../../support/cgroup-tree.ts'

function usageOf({ places }: CgroupTree): CgroupUsage {
  const found = findCgroups(places)
  if (found === undefined) throw new Error('no control group')
  return readUsage(found)
}

const limited: CgroupUsage = {
  memoryLimitBytes: 128 * 2 ** 20,
  memoryUsedBytes: 50 * 2 ** 20,
  memoryPeakBytes: 70 * 2 ** 20,
  cpuLimitCores: 0.3,
  cpuUsedSeconds: 2.5,
  cpuPeriods: 40,
  cpuThrottledPeriods: 3,
  cpuThrottledSeconds: 1.5,
  oomKills: 2,
}

describe('limits and use of a control group', () => {
  it('are the same figures in both versions', () => {
    expect(usageOf(aVersion1Tree())).toEqual(limited)
    expect(usageOf(aVersion2Tree())).toEqual(limited)
  })

  it.each([
    ['version 1, no memory limit', aVersion1Tree, { 'memory/pod/memory.limit_in_bytes': '9223372036854771712\n' }],
    ['version 2, no memory limit', aVersion2Tree, { 'unified/pod/memory.max': 'max\n' }],
  ])('%s: the limit is absent, the use is not', (_what, tree, files) => {
    const { memoryLimitBytes: _, ...rest } = limited
    expect(usageOf(tree(files))).toEqual(rest)
  })

  it.each([
    ['version 1', aVersion1Tree, { 'cpu/pod/cpu.cfs_quota_us': '-1\n' }],
    ['version 2', aVersion2Tree, { 'unified/pod/cpu.max': 'max 100000\n' }],
  ])('%s, no CPU limit: nothing is told of throttling', (_what, tree, files) => {
    const usage = usageOf(tree(files))
    expect(Object.keys(usage)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/cpuLimit|Periods|Throttled/)]),
    )
    expect(usage.cpuUsedSeconds).toBe(2.5)
  })

  it('leave out what an older kernel does not tell', () => {
    const usage = usageOf(aVersion2Tree({ 'unified/pod/memory.peak': '', 'unified/pod/memory.events': 'oom 1\n' }))
    expect([usage.memoryPeakBytes, usage.oomKills, usage.memoryUsedBytes]).toEqual([undefined, undefined, 50 * 2 ** 20])
  })

  it('are a whole core and a half core as they are given', () => {
    expect(usageOf(aVersion2Tree({ 'unified/pod/cpu.max': '100000 100000' })).cpuLimitCores).toBe(1)
    expect(usageOf(aVersion2Tree({ 'unified/pod/cpu.max': '25000 50000' })).cpuLimitCores).toBe(0.5)
  })
})
