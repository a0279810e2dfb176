import { relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCgroups } from '../../../lib/cgroup/folders.ts'
import { aCgroupTree, aVersion1Tree, aVersion2Tree, type CgroupTree } from '../../support/cgroup-tree.ts'

function found({ places, root }: CgroupTree) {
  const cgroups = findCgroups(places)
  return cgroups && [cgroups.version, Object.fromEntries([...cgroups.folders].map(([k, v]) => [k, relative(root, v)]))]
}

const memory = (folder: string) => ({ [`${folder}/memory.current`]: '1\n' })

describe('the control groups of this process', () => {
  it('lie in a folder for each hierarchy in version 1', () => {
    expect(found(aVersion1Tree())).toEqual([1, { memory: 'memory/pod', cpu: 'cpu/pod', cpuacct: 'cpu/pod' }])
  })

  it('lie in one folder in version 2', () => {
    expect(found(aVersion2Tree())).toEqual([2, { memory: 'unified/pod', cpu: 'unified/pod', cpuacct: 'unified/pod' }])
  })

  it.each([
    ['the root itself, when the namespace shows nothing above it', '0::/', '/', 'u', 'u'],
    ['the mount, when that is the named group', '0::/kube/pod1', '/kube/pod1', 'u', 'u'],
    ['below the mount, when a part of the path is mounted', '0::/kube/pod1/c', '/kube/pod1', 'u/c', 'u/c'],
    ['the root, when the full name is not to be seen inside', '0::/kube/pod1', '/', 'u', 'u'],
    ['the root, when the name leads out of the namespace', '0::/../other', '/', 'u', 'u'],
    ['the named folder, spaces and all', '0::/my pod', '/', 'u/my pod', 'u/my pod'],
  ])('are found as %s', (_what, member, part, folder, expected) => {
    const tree = aCgroupTree(memory(folder), [member], [['cgroup2', part, 'u', 'rw']])
    expect(found(tree)).toEqual([2, { memory: expected }])
  })

  it.each([
    ['limited, it is that of a container', '134217728', [1, { memory: 'memory' }]],
    ['without a limit, it counts the whole machine and is left out', '9223372036854771712', undefined],
  ])('at the root of version 1: %s', (_what, limit, expected) => {
    const tree = aCgroupTree(
      { 'memory/memory.limit_in_bytes': limit },
      ['5:memory:/'],
      [['cgroup', '/', 'memory', 'rw,memory']],
    )
    expect(found(tree)).toEqual(expected)
  })

  it('are none where the kernel tells nothing', () => {
    expect(findCgroups({ membership: '/does/not/exist', mounts: '/does/not/exist' })).toBeUndefined()
    expect(found(aCgroupTree({}, ['0::/'], []))).toBeUndefined()
  })
})
