import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CgroupPlaces } from '../../lib/cgroup/folders.ts'
import { aFolder } from './builders.ts'

export interface CgroupTree {
  places: CgroupPlaces
  root: string
}

/**
 * What the kernel would show: files by their path below the mounts, the lines of /proc/self/cgroup, and the mounts as
 * [type, mounted part, folder below the root, options].
 */
export function aCgroupTree(
  files: Record<string, string>,
  membership: readonly string[],
  mounts: readonly [type: string, part: string, point: string, options: string][],
): CgroupTree {
  const root = aFolder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const lines = mounts.map(
    ([type, part, point, options], i) =>
      `${i} 1 0:${i} ${part} ${join(root, point)} rw,nosuid - ${type} cgroup ${options}`,
  )
  const places = { membership: join(root, 'membership'), mounts: join(root, 'mounts') }
  writeFileSync(places.membership, `${membership.join('\n')}\n`)
  writeFileSync(places.mounts, `20 1 8:1 / / rw - ext4 /dev/root rw\n${lines.join('\n')}\n`)
  return { places, root }
}

const v1Mounts: readonly [string, string, string, string][] = [
  ['cgroup', '/', 'memory', 'rw,memory'],
  ['cgroup', '/', 'cpu', 'rw,cpu,cpuacct'],
]

/** Version 1, limited to 128 MiB and 300m, in the group /pod; with changed files. */
export function aVersion1Tree(changes: Record<string, string> = {}): CgroupTree {
  const files = {
    'memory/pod/memory.limit_in_bytes': '134217728\n',
    'memory/pod/memory.usage_in_bytes': '62914560\n',
    'memory/pod/memory.max_usage_in_bytes': '73400320\n',
    'memory/pod/memory.stat': 'inactive_file 1\ntotal_inactive_file 10485760\ntotal_active_file 5\n',
    'memory/pod/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'cpu/pod/cpu.cfs_quota_us': '30000\n',
    'cpu/pod/cpu.cfs_period_us': '100000\n',
    'cpu/pod/cpu.stat': 'nr_periods 40\nnr_throttled 3\nthrottled_time 1500000000\n',
    'cpu/pod/cpuacct.usage': '2500000000\n',
  }
  return aCgroupTree({ ...files, ...changes }, ['5:memory:/pod', '3:cpu,cpuacct:/pod', '1:name=systemd:/'], v1Mounts)
}

/** Version 2, limited to 128 MiB and 300m, in the group /pod; with changed files. */
export function aVersion2Tree(changes: Record<string, string> = {}): CgroupTree {
  const files = {
    'unified/pod/memory.max': '134217728\n',
    'unified/pod/memory.current': '62914560\n',
    'unified/pod/memory.peak': '73400320\n',
    'unified/pod/memory.stat': 'anon 5\ninactive_file 10485760\nactive_file 5\n',
    'unified/pod/memory.events': 'low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n',
    'unified/pod/cpu.max': '30000 100000\n',
    'unified/pod/cpu.stat':
      'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 40\nnr_throttled 3\nthrottled_usec 1500000\n',
  }
  return aCgroupTree({ ...files, ...changes }, ['0::/pod'], [['cgroup2', '/', 'unified', 'rw']])
}
