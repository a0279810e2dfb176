import { describe, expect, it } from 'vitest'
import { later } from '../../cli/later.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Metrics } from '../../lib/metrics.ts'
import type { Service } from '../../lib/service.ts'
import { eventually } from '../support/builders.ts'

function aService(changes: Partial<Service> = {}) {
  const calls: string[] = []
  const state = { ok: false }
  const service: Service = {
    name: 'one',
    registry: new Metrics().registry,
    checks: () => ({ self: { ok: state.ok } }),
    start: async () => void calls.push('start'),
    stop: async () => void calls.push('stop'),
    ...changes,
  }
  return { service, calls, state }
}

describe('a service for later', () => {
  it('starts when it is time and not before', async () => {
    const { service, calls } = aService()
    let isTime = false
    const one = later(service, () => isTime, silentLogger)
    await one.start()
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(calls).toEqual([])
    isTime = true
    await eventually(() => calls.length === 1)
    await one.stop()
    expect(calls).toEqual(['start', 'stop'])
  })

  it('is asked whether it is ready only after it has been ready once', async () => {
    const { service, calls, state } = aService()
    const one = later(service, () => true, silentLogger)
    expect(one.checks()).toEqual({})
    await one.start()
    await eventually(() => calls.length === 1)
    expect(one.checks()).toEqual({})
    state.ok = true
    await eventually(() => Object.keys(one.checks()).length === 1)
    state.ok = false
    expect(one.checks()).toEqual({ self: { ok: false } })
    await one.stop()
  })

  it('that never came to its time stops all the same', async () => {
    const { service, calls } = aService()
    const one = later(service, () => false, silentLogger)
    await one.start()
    await one.stop()
    expect(calls).toEqual(['stop'])
  })

  it('says of its layers what the service says, from the first', () => {
    const layers = () => [{ layer: 'storage' as const, messages: { received: 1 } }]
    const one = later(aService({ layers }).service, () => false, silentLogger)
    expect(one.layers?.()).toEqual(layers())
    expect(later(aService().service, () => false, silentLogger).layers?.()).toEqual([])
  })
})
