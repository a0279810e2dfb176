import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFreshness, type Freshness, type FreshnessOptions } from '../../freshness/app.ts'
import { freshnessConfig } from '../../freshness/config.ts'
import type { ManualClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config.ts'
import { DtmsError } from '../../lib/errors.ts'
import { openCheckpoint } from '../../lib/log/checkpoint.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aClock, aTransfer, eventually, NOON } from '../support/builders.ts'
import { aRecordingLogger } from '../support/http.ts'
import { anHttpReceiver } from '../support/http-servers.ts'
import { aVolume } from '../support/log.ts'
import { writeEvents, writeTransfers } from '../support/streams.ts'

const A = siteName('SITE_A')

interface Setup {
  freshness: Freshness
  volume: Volume & { fail: boolean }
  clock: ManualClock
  logger: ReturnType<typeof aRecordingLogger>
}

/** A volume whose calls fail while `fail` is set. */
function aFragileVolume(inner: Volume = aVolume().volume): Volume & { fail: boolean } {
  const state = { fail: false }
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'fail') return state.fail
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (state.fail) return Promise.reject(new DtmsError('volume.unavailable', 'gone'))
        return Reflect.apply(value, target, args)
      }
    },
    set(_target, name, value) {
      if (name === 'fail') state.fail = value
      return name === 'fail'
    },
  }) as Volume & { fail: boolean }
}

function aFreshness(env: Record<string, string> = {}, changes: Partial<FreshnessOptions> = {}): Setup {
  const volume = aFragileVolume(changes.volume)
  const clock = aClock(NOON)
  const logger = aRecordingLogger()
  const config = loadConfig(freshnessConfig, { DTMS_LOG_POLL_MS: '10', ...env })
  const freshness = createFreshness({
    config,
    clock,
    logger,
    tickMs: 20,
    unreadableAfterMs: 2500,
    apiBaseUrl: () => undefined,
    ...changes,
    volume,
  })
  onTestFinished(() => freshness.stop())
  return { freshness, volume, clock, logger }
}

/** An hour of transfers of SITE_A, one every 5 seconds, until NOON. */
function anHour() {
  return Array.from({ length: 721 }, (_, i) => aTransfer({ endedAt: NOON - 3600 + i * 5 }))
}

async function metricsOf(freshness: Freshness): Promise<Map<string, number>> {
  const lines = (await freshness.registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

async function untilReady(freshness: Freshness): Promise<void> {
  await eventually(() => Object.values(freshness.checks()).every(({ ok }) => ok))
}

describe('a freshness service', () => {
  it('opens nothing before it is started and can be stopped before', async () => {
    const { freshness, volume } = aFreshness()
    volume.fail = true
    expect(freshness.sites()).toEqual([])
    expect(freshness.checks()).toEqual({ log: { ok: false, detail: 'still reading the log' } })
    await freshness.stop()
    await freshness.stop()
  })

  it('shows age, state and expectation at the moment of the scrape', async () => {
    const { freshness, volume, clock } = aFreshness({ DTMS_SITES: 'SITE_A, SITE_B' })
    await writeTransfers(volume, anHour())
    await freshness.start()
    await untilReady(freshness)
    clock.advance(100)
    const before = await metricsOf(freshness)
    expect(before.get('dtms_data_fresh_seconds{site="SITE_A"}')).toBe(100)
    expect(before.get('dtms_data_fresh_ok{site="SITE_A"}')).toBe(1)
    expect(before.get('dtms_freshness_state{site="SITE_A",state="fresh"}')).toBe(1)
    expect(before.get('dtms_freshness_expected_seconds{site="SITE_A"}')).toBe(120)
    expect(before.get('dtms_freshness_records_total{site="SITE_A"}')).toBe(721)
    expect(before.get('dtms_freshness_state{site="SITE_B",state="waiting"}')).toBe(1)
    expect(before.has('dtms_data_fresh_seconds{site="SITE_B"}')).toBe(false)
    expect(before.has('dtms_data_fresh_ok{site="SITE_B"}')).toBe(false)
    clock.advance(200)
    expect((await metricsOf(freshness)).get('dtms_data_fresh_ok{site="SITE_A"}')).toBe(1)
    clock.advance(0.001)
    const after = await metricsOf(freshness)
    expect(after.get('dtms_data_fresh_ok{site="SITE_A"}')).toBe(0)
    expect(after.get('dtms_freshness_state{site="SITE_A",state="silent"}')).toBe(1)
    const states = [...after].filter(([name]) => name.startsWith('dtms_freshness_state{site="SITE_A"'))
    expect(states).toHaveLength(8)
    expect(states.reduce((sum, [, value]) => sum + value, 0)).toBe(1)
  })

  it('finds sites by their folders, pauses and maintenance by their events', async () => {
    const { freshness, volume, clock } = aFreshness()
    await writeTransfers(volume, anHour())
    await writeEvents(volume, 'SITE_A', [{ at: NOON, type: 'paused', from: NOON + 10, to: NOON + 5000 }])
    await writeEvents(volume, 'api', [
      { at: NOON, type: 'maintenance', scope: { site: A }, startsAt: NOON + 6000, endsAt: NOON + 7000 },
    ])
    await freshness.start()
    await untilReady(freshness)
    const stateAt = (now: number): string | undefined => {
      clock.jumpTo(now)
      return freshness.sites()[0]?.state
    }
    expect(stateAt(NOON + 100)).toBe('paused')
    expect(stateAt(NOON + 5050)).toBe('recovered')
    expect(stateAt(NOON + 6500)).toBe('maintenance')
    expect(stateAt(NOON + 9000)).toBe('silent')
    await volume.createExclusive('transfers/SITE_C/lease.json', Buffer.from('{}'))
    await eventually(() => freshness.sites().find(({ site, state }) => site === 'SITE_C' && state === 'waiting'))
  })

  it('says unknown and drops the age when the volume cannot be read, and comes back by itself', async () => {
    const { freshness, volume, clock, logger } = aFreshness()
    await writeTransfers(volume, anHour())
    await freshness.start()
    await untilReady(freshness)
    clock.advance(60)
    volume.fail = true
    await eventually(() => freshness.sites()[0]?.state === 'unknown')
    const metrics = await metricsOf(freshness)
    expect(metrics.has('dtms_data_fresh_seconds{site="SITE_A"}')).toBe(false)
    expect(metrics.has('dtms_data_fresh_ok{site="SITE_A"}')).toBe(false)
    expect(metrics.get('dtms_freshness_state{site="SITE_A",state="unknown"}')).toBe(1)
    expect(metrics.get('dtms_freshness_readable')).toBe(0)
    expect(freshness.checks()).toEqual({ log: { ok: false, detail: 'the volume cannot be read' } })
    volume.fail = false
    await eventually(() => freshness.sites()[0]?.state === 'fresh')
    await eventually(() => logger.lines.some(({ fields }) => fields.before === 'unknown' && fields.state === 'fresh'))
    expect((await metricsOf(freshness)).get('dtms_data_fresh_seconds{site="SITE_A"}')).toBe(60)
  })

  it('starts while the volume is away and reads as soon as it can', async () => {
    const { freshness, volume } = aFreshness({ DTMS_SITES: 'SITE_A' })
    await writeTransfers(volume, anHour())
    volume.fail = true
    await freshness.start()
    expect(freshness.sites()).toMatchObject([{ site: 'SITE_A', state: 'unknown' }])
    volume.fail = false
    await eventually(() => freshness.sites()[0]?.state === 'fresh')
  })

  it('writes a line for every change of a state', async () => {
    const { freshness, volume, clock, logger } = aFreshness()
    await writeTransfers(volume, anHour())
    await freshness.start()
    const changes = () => logger.lines.filter(({ message }) => message === 'freshness changed')
    await eventually(() => changes().length === 1)
    clock.advance(241)
    await eventually(() => changes().length === 2)
    await writeTransfers(volume, [aTransfer({ endedAt: NOON + 241 })])
    await eventually(() => changes().length === 3)
    expect(changes().map(({ level, fields }) => [level, fields.site, fields.before, fields.state])).toEqual([
      ['info', 'SITE_A', undefined, 'fresh'],
      ['warn', 'SITE_A', 'fresh', 'silent'],
      ['info', 'SITE_A', 'silent', 'recovered'],
    ])
  })

  it('goes on from its checkpoint and counts nothing twice', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHour())
    const first = aFreshness({}, { volume })
    await first.freshness.start()
    await untilReady(first.freshness)
    await first.freshness.stop()
    await writeTransfers(volume, [aTransfer({ endedAt: NOON + 1 })])
    const second = aFreshness({}, { volume })
    await second.freshness.start()
    await untilReady(second.freshness)
    expect(second.freshness.sites()).toMatchObject([{ newestEndedAt: NOON + 1, expectedSeconds: 120 }])
    expect((await metricsOf(second.freshness)).get('dtms_freshness_records_total{site="SITE_A"}')).toBe(1)
  })

  it('goes on from a checkpoint of version 1', async () => {
    const { volume } = aVolume()
    await volume.replace(
      'checkpoints/freshness/staleness',
      readFileSync('test/fixtures/checkpoints/freshness-staleness-v1'),
    )
    const { freshness, clock } = aFreshness({}, { volume })
    await freshness.start()
    await untilReady(freshness)
    expect(freshness.sites()).toEqual([
      { site: 'SITE_A', state: 'fresh', newestEndedAt: NOON, ageSeconds: 0, expectedSeconds: 120, since: NOON - 6900 },
    ])
    clock.jumpTo(NOON + 6000)
    expect(freshness.sites()).toMatchObject([{ state: 'maintenance' }])
  })

  it('refuses a checkpoint of a newer release', async () => {
    const { volume } = aVolume()
    const newer = { volume, service: 'freshness', reader: 'staleness', version: 2, logger: silentLogger }
    await openCheckpoint(newer).save({ positions: new Map(), state: {} })
    const { freshness } = aFreshness({}, { volume })
    await expect(freshness.start()).rejects.toMatchObject({ code: 'checkpoint.invalid' })
  })

  it('reads the log from its beginning when its checkpoint is damaged', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHour())
    await volume.replace('checkpoints/freshness/staleness', Buffer.from('{"v":1'))
    const { freshness } = aFreshness({}, { volume })
    await freshness.start()
    await untilReady(freshness)
    expect(freshness.sites()).toMatchObject([{ newestEndedAt: NOON, expectedSeconds: 120 }])
  })

  it('skips damaged lines and counts them', async () => {
    const { freshness, volume } = aFreshness()
    await writeTransfers(volume, anHour())
    await volume.createExclusive('transfers/SITE_B/000001-000001.ndjson', Buffer.from('nonsense\n'))
    await freshness.start()
    await untilReady(freshness)
    const damaged = [...(await metricsOf(freshness))].filter(([name]) => name.startsWith('dtms_freshness_damaged'))
    expect(damaged.reduce((sum, [, value]) => sum + value, 0)).toBe(1)
    expect(freshness.sites()).toMatchObject([{ site: 'SITE_A', state: 'fresh' }, {}])
  })

  it('shows the API as up or down and is held up by neither', async () => {
    const api = await anHttpReceiver((response) => response.end('{"status":"ok"}'))
    const hanging = await anHttpReceiver(() => {})
    for (const [url, up] of [
      [api.url, 1],
      [hanging.url, undefined],
    ] as const) {
      const { freshness, volume } = aFreshness({ POLL_INTERVAL_SECONDS: '0.05' }, { apiBaseUrl: () => url })
      await writeTransfers(volume, anHour())
      await freshness.start()
      await untilReady(freshness)
      if (up === 1) await eventually(async () => (await metricsOf(freshness)).get('dtms_api_up') === 1)
      else expect((await metricsOf(freshness)).has('dtms_api_up')).toBe(false)
      expect((await metricsOf(freshness)).has('dtms_api_probe_seconds')).toBe(up === 1)
      await freshness.stop()
    }
  })

  it('has the port, interval, threshold and address that existing manifests rely on', () => {
    expect(loadConfig(freshnessConfig, {})).toMatchObject({
      port: 8004,
      probeSeconds: 30,
      okSeconds: 300,
      apiBaseUrl: 'http://dtms-api:8003',
      sites: [],
    })
    expect(loadConfig(freshnessConfig, { PORT: '1', DTMS_SITES: 'A,B' })).toMatchObject({ port: 1, sites: ['A', 'B'] })
    expect(() => loadConfig(freshnessConfig, { DTMS_SITES: 'A,b' })).toThrow('DTMS_SITES: must be site names')
  })
})
