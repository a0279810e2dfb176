import { describe, expect, test } from 'vitest'
import { ApiState } from '../../api/state.ts'
import { siteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { anAnomaly } from '../support/api.ts'
import { aTransfer, NOON } from '../support/builders.ts'
import { aCorrelationRun } from '../support/correlations.ts'

function aState() {
  const events: string[] = []
  const state = new ApiState({
    memoryRecords: 100,
    liveFrom: () => NOON,
    publish: (type, data) => events.push(`${type} ${JSON.stringify(data)}`),
  })
  return { state, events, types: () => events.map((event) => event.split(' ')[0]) }
}

let seq = 0
function read(changes: Partial<Transfer> = {}) {
  seq += 1
  const transfer = aTransfer(changes)
  const value = { ...transfer, v: 1, seq, id: `${transfer.site}-${seq}` }
  return { writer: value.site, seq, value, at: value.endedAt }
}
const readAnomaly = (at: number) => ({ writer: 'forest', seq: 1, at, value: { v: 1, seq: 1, ...anAnomaly({ at }) } })

describe('the state', () => {
  test('tells nobody about the past that it reads first', () => {
    const { state, events } = aState()
    state.applyTransfers([read()], NOON)
    state.applyAnomalies([readAnomaly(NOON)], NOON)
    state.applyCorrelations([{ writer: 'batch', seq: 1, at: NOON, value: aCorrelationRun(1) }], NOON)
    state.observeTime(NOON, true)
    expect(events).toEqual([])
    expect([state.transfers.size, state.anomalies.size]).toEqual([1, 1])
  })

  test.each([
    ['before the world was created', NOON - 1, NOON, false],
    ['at its creation', NOON, NOON, true],
    ['an hour ago', NOON + 60, NOON + 3660, false],
    ['just less than an hour ago', NOON + 60, NOON + 3659.999, true],
  ])('once live it tells of a record that ended %s: %4$s', (_name, endedAt, now, told) => {
    const { state, types } = aState()
    state.goLive()
    state.applyTransfers([read({ endedAt })], now)
    expect(types().includes('transfer')).toBe(told)
  })

  test('tells when a site changes its state, once', () => {
    const { state, events } = aState()
    state.applyTransfers([read({ endedAt: NOON })], NOON)
    state.observeTime(NOON, true)
    state.goLive()
    state.observeTime(NOON + 1, true)
    expect(events).toEqual([])
    state.observeTime(NOON + 2, false)
    state.observeTime(NOON + 3, false)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatch(/^freshness .*"state":"unknown"/)
  })

  test('tells of planned, active and ended faults, never of hidden ones', () => {
    const { state, events } = aState()
    state.goLive()
    const fault = {
      v: 1,
      seq: 1,
      at: NOON,
      type: 'fault' as const,
      kind: 'none',
      scope: { platform: true as const },
      severity: 0.8,
      durationSeconds: 60,
      effectiveAt: NOON + 5,
    }
    state.applyControl({ ...fault, hidden: false })
    state.applyControl({ ...fault, seq: 2, kind: 'silent-site', hidden: true })
    for (const now of [NOON, NOON + 1, NOON + 5, NOON + 64, NOON + 65]) state.observeTime(now, true)
    expect(events.map((event) => /"state":"(\w+)"/.exec(event)?.[1])).toEqual(['planned', 'active', 'ended'])
    expect(events.join()).not.toMatch(/silent-site|hidden/)
  })

  test('gets a new version with everything that can change an answer, and with nothing else', () => {
    const { state } = aState()
    const versions = [state.version]
    const step = (work: () => void): void => {
      work()
      versions.push(state.version)
    }
    step(() => state.know(siteName('SITE_A')))
    step(() => state.applyTransfers([read()], NOON))
    step(() => state.applyAnomalies([readAnomaly(NOON)], NOON))
    expect(new Set(versions).size).toBe(versions.length)
    const { version } = state
    state.know(siteName('SITE_A'))
    state.applyTransfers([], NOON)
    expect(state.version).toBe(version)
  })

  test('knows recorders, and both ends of every link', () => {
    const { state } = aState()
    state.know(siteName('LAB'))
    state.applyTransfers([read({ destination: siteName('TAPE') })], NOON)
    expect(state.sites).toEqual(['LAB', 'SITE_A'])
    expect(state.endpoints).toEqual(['LAB', 'SITE_A', 'TAPE'])
  })
})
