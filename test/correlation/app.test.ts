import { describe, expect, it, onTestFinished } from 'vitest'
import { type CorrelationOptions, createCorrelation } from '../../correlation/app.ts'
import { correlationConfig } from '../../correlation/config.ts'
import { loadConfig } from '../../lib/config.ts'
import { DtmsError } from '../../lib/errors.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aClock, aTransfer, eventually, NOON } from '../support/builders.ts'
import { aRecordingLogger } from '../support/http.ts'
import { aVolume } from '../support/log.ts'
import { writeTransfers } from '../support/streams.ts'

function aCorrelation(volume: Volume, env: Record<string, string> = {}, changes: Partial<CorrelationOptions> = {}) {
  const logger = aRecordingLogger()
  const clock = aClock(NOON)
  const correlation = createCorrelation({
    config: loadConfig(correlationConfig, env),
    clock,
    logger,
    volume,
    firstRunAfterMs: 10,
    ...changes,
  })
  onTestFinished(() => correlation.stop())
  return { correlation, clock, logger }
}

describe('the correlation service', () => {
  it('runs soon after its start, then by its schedule, and stops twice', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, [aTransfer(), aTransfer({ endedAt: NOON + 60 })])
    const { correlation, clock, logger } = aCorrelation(volume, { DTMS_CORRELATION_SCHEDULE: '* * * * * *' })
    const runs = () => logger.lines.filter(({ message }) => message === 'correlation run').map(({ fields }) => fields)
    await correlation.start()
    await eventually(() => runs().length >= 1)
    expect(runs()[0]).toMatchObject({ newRecords: 2, seq: 1, scopes: 3 })
    clock.advance(60)
    await eventually(() => runs().some(({ seq }) => seq === 2))
    expect(correlation.checks()).toEqual({ last_run: { ok: true } })
    await Promise.all([correlation.stop(), correlation.stop()])
    const after = runs().length
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(runs()).toHaveLength(after)
    expect(await volume.size('correlations/batch/lease.json')).toBeUndefined()
  })

  it('says that a run failed and goes on', async () => {
    let fail = true
    const inner = aVolume().volume
    const volume = new Proxy(inner, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return async (...args: unknown[]) => {
          if (fail) throw new DtmsError('volume.unavailable', 'gone')
          return Reflect.apply(value, target, args)
        }
      },
    })
    const { correlation } = aCorrelation(volume, { DTMS_CORRELATION_SCHEDULE: '* * * * * *' })
    await correlation.start()
    await eventually(() => !correlation.checks().last_run?.ok)
    expect(await correlation.registry.metrics()).toMatch(/dtms_corr_runs_total{result="failed"} [1-9]/)
    fail = false
    await eventually(() => correlation.checks().last_run?.ok)
  })

  it('opens nothing before it is started and can be stopped before', async () => {
    const { volume } = aVolume()
    const { correlation } = aCorrelation(volume)
    expect(correlation.checks()).toEqual({ last_run: { ok: true, detail: 'no run yet' } })
    await correlation.stop()
    expect(await volume.list('correlations')).toBeUndefined()
  })

  it('gives the folder back when a single run is stopped', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, [aTransfer()])
    for (const seq of [1, 2]) {
      const { correlation, clock } = aCorrelation(volume)
      clock.advance(seq)
      expect(await correlation.runOnce()).toMatchObject({ seq })
      await correlation.stop()
    }
  })
})

describe('the settings of correlation', () => {
  it('are the old ones where there were some', () => {
    expect(loadConfig(correlationConfig, { PUSHGATEWAY_URL: 'http://gateway:9091' })).toMatchObject({
      schedule: '*/10 * * * *',
      windowHours: 168,
      pushgatewayUrl: 'http://gateway:9091',
      pushgatewayJob: 'dtms_correlation',
      pushgatewayInstance: undefined,
    })
  })

  it('refuse a schedule that is none', () => {
    expect(() => loadConfig(correlationConfig, { DTMS_CORRELATION_SCHEDULE: 'daily' })).toThrow(
      'DTMS_CORRELATION_SCHEDULE: must be a cron expression of five fields',
    )
  })

  it('refuse results that would go nowhere', () => {
    expect(() => aCorrelation(aVolume().volume, { DTMS_CORRELATION_STORE: 'no' })).toThrow(
      expect.objectContaining({ code: 'config.invalid' }),
    )
  })
})
