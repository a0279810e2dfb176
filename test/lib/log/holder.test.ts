import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { systemProcesses } from '../../../lib/log/holder.ts'

describe('the processes of this machine', () => {
  const self = systemProcesses.self()

  it('include this one', () => {
    expect(self.pid).toBe(process.pid)
    expect(systemProcesses.isAlive(self)).toBe(true)
  })

  it('do not include one that has ended', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    expect(systemProcesses.isAlive({ ...self, pid: child.pid ?? 0 })).toBe(false)
  })

  it.runIf(process.platform === 'linux')('do not include an earlier one with the same pid', () => {
    expect(systemProcesses.isAlive({ ...self, start: self.start - 1 })).toBe(false)
  })

  it('cannot be judged from another host or another pid namespace', () => {
    expect(systemProcesses.isAlive({ ...self, host: 'elsewhere' })).toBeUndefined()
    expect(systemProcesses.isAlive({ ...self, pidNamespace: 'pid:[1]' })).toBeUndefined()
  })
})
