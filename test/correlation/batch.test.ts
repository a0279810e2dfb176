import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type BatchOptions, CorrelationBatch, type RunSummary } from '../../correlation/batch.ts'
import { correlationConfig } from '../../correlation/config.ts'
import { createCorrelationMetrics } from '../../correlation/metrics.ts'
import { loadConfig } from '../../lib/config.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import type { Transfer } from '../../lib/record/record.ts'
import type { AnomalyLine } from '../../lib/streams/anomalies.ts'
import { correlationsCodec } from '../../lib/streams/codecs.ts'
import type { CorrelationLine } from '../../lib/streams/correlations.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aClock, aTransfer, NOON } from '../support/builders.ts'
import { aRecordingLogger } from '../support/http.ts'
import { anHttpReceiver } from '../support/http-servers.ts'
import { aVolume, readAll } from '../support/log.ts'
import { anAnomaly, writeAnomalies, writeTransfers } from '../support/streams.ts'

const C = siteName('SITE_C')

/** One transfer a minute on two links; in some minutes SITE_A>SITE_B is slow and flagged three minutes before. */
function anHistory(minutes: number, from = NOON): { transfers: Transfer[]; anomalies: Entry<AnomalyLine>[] } {
  const random = createRandom(11, 'history', String(from))
  const transfers: Transfer[] = []
  const anomalies: Entry<AnomalyLine>[] = []
  const flagged = Array.from({ length: minutes }, () => random.chance(0.1))
  for (let minute = 0; minute < minutes; minute += 1) {
    const endedAt = from + minute * 60 + 30
    const slow = flagged[minute - 3] === true
    transfers.push(aTransfer({ endedAt, durationSeconds: (slow ? 100 : 10) + random.next() }))
    transfers.push(aTransfer({ destination: C, endedAt, durationSeconds: 10 + random.next() }))
    if (flagged[minute]) anomalies.push(anAnomaly({ at: endedAt, id: `forest-SITE_A-${minute}` }))
  }
  return { transfers, anomalies }
}

function newBatch(options: Partial<BatchOptions> & { volume: Volume }, env: Record<string, string> = {}) {
  return new CorrelationBatch({
    config: loadConfig(correlationConfig, env),
    clock: aClock(NOON + 86_400),
    logger: silentLogger,
    metrics: createCorrelationMetrics(),
    ...options,
  })
}

function aBatch(volume: Volume, env: Record<string, string> = {}, now = NOON + 86_400) {
  const logger = aRecordingLogger()
  const clock = aClock(now)
  const batch = newBatch({ volume, logger, clock }, env)
  onTestFinished(() => batch.close())
  return { batch, clock, logger }
}

async function linesOf(volume: Volume): Promise<CorrelationLine[]> {
  const { entries } = await readAll(createTailer({ volume, stream: 'correlations', codec: correlationsCodec }))
  return entries.map(({ value }) => value)
}

function itemOf({ items }: Pick<RunSummary, 'items'>, scope: object) {
  return items.find((item) => JSON.stringify(item.scope) === JSON.stringify(scope))
}

/**
 * Stands for a process that is killed before or after a call on a path: from then on nothing that it asks of the volume
 * is done or comes back.
 */
function aMortalVolume(
  inner: Volume,
  death: { when: 'before' | 'after'; call: string; path: string },
  onDeath: () => void,
): Volume {
  let dead = false
  const never = (): Promise<never> => {
    onDeath()
    return new Promise(() => {})
  }
  const mortal = <T extends object>(target: T, pathOf: (args: unknown[]) => unknown): T =>
    new Proxy(target, {
      get(object, name) {
        const value = Reflect.get(object, name)
        if (typeof value !== 'function') return value
        return async (...args: unknown[]) => {
          const fatal = name === death.call && String(pathOf(args)).startsWith(death.path)
          dead ||= fatal && death.when === 'before'
          if (dead) return never()
          const result = await Reflect.apply(value, object, args)
          dead ||= fatal
          if (dead) return never()
          return name === 'openSegment' && result !== undefined ? mortal(result, () => args[0]) : result
        }
      },
    })
  return mortal(inner, ([path]) => path)
}

describe('a run of the batch', () => {
  it('says what moves together, per link, per site and over all, and writes it down', async () => {
    const { volume } = aVolume()
    const { transfers, anomalies } = anHistory(600)
    await writeTransfers(volume, transfers)
    await writeAnomalies(volume, anomalies)
    const { batch } = aBatch(volume)
    const summary = await batch.runOnce()
    expect(summary).toMatchObject({
      at: NOON + 86_400,
      from: NOON,
      to: NOON + 36_000,
      newRecords: 1200,
      newAnomalies: anomalies.length,
      outsideWindow: 0,
      seq: 1,
    })
    expect(itemOf(summary, { source: 'SITE_A', destination: 'SITE_B' })).toMatchObject({
      bestLagMinutes: 3,
      significant: true,
      pairs: 600,
    })
    expect(itemOf(summary, { source: 'SITE_A', destination: 'SITE_C' })).toMatchObject({ coefficient: null })
    expect(itemOf(summary, { site: 'SITE_A' })).toMatchObject({ bestLagMinutes: 3 })
    expect(itemOf(summary, { platform: true })).toMatchObject({ bestLagMinutes: 3 })
    const [line] = await linesOf(volume)
    expect(line).toMatchObject({ seq: 1, at: NOON + 86_400, newRecords: 1200, items: summary.items })
  })

  it('reads only what is new and gives the same as one that reads everything', async () => {
    const portions = [anHistory(200), anHistory(100, NOON + 200 * 60), anHistory(300, NOON + 300 * 60)]
    const piecewise = aVolume().volume
    const seen: number[] = []
    let last: RunSummary | undefined
    for (const { transfers, anomalies } of portions) {
      await writeTransfers(piecewise, transfers)
      await writeAnomalies(piecewise, anomalies)
      // A new process each time, as a CronJob is.
      const { batch } = aBatch(piecewise)
      last = await batch.runOnce()
      await batch.close()
      seen.push(last.newRecords)
    }
    expect(seen).toEqual([400, 200, 600])
    const atOnce = aVolume().volume
    await writeTransfers(
      atOnce,
      portions.flatMap(({ transfers }) => transfers),
    )
    await writeAnomalies(
      atOnce,
      portions.flatMap(({ anomalies }) => anomalies),
    )
    const whole = await aBatch(atOnce).batch.runOnce()
    expect(last?.items).toEqual(whole.items)
    expect((await linesOf(piecewise)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('goes on from a checkpoint of version 1, and writes the result that it holds', async () => {
    const { volume } = aVolume()
    await volume.replace(
      'checkpoints/correlation/batch',
      readFileSync('test/fixtures/checkpoints/correlation-batch-v1'),
    )
    const { batch } = aBatch(volume)
    expect(await batch.runOnce()).toMatchObject({ from: NOON - 3600, to: NOON + 60, newRecords: 0, seq: 2 })
    expect((await linesOf(volume)).map(({ newRecords, newAnomalies }) => [newRecords, newAnomalies])).toEqual([
      [121, 3],
      [0, 0],
    ])
  })

  it('writes nothing when nothing is new and time stands still, and a line when time goes on', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHistory(20).transfers)
    const { batch, clock } = aBatch(volume)
    await batch.runOnce()
    expect(await batch.runOnce()).toMatchObject({ newRecords: 0, newAnomalies: 0 })
    expect(await linesOf(volume)).toHaveLength(1)
    clock.advance(600)
    expect(await batch.runOnce()).toMatchObject({ seq: 2 })
    expect((await linesOf(volume)).map(({ newRecords }) => newRecords)).toEqual([40, 0])
  })

  it('of an empty volume has nothing to say and writes nothing', async () => {
    const { volume } = aVolume()
    const summary = await aBatch(volume).batch.runOnce()
    expect(summary).toMatchObject({ newRecords: 0, items: [] })
    expect(summary).not.toHaveProperty('seq')
    expect(await linesOf(volume)).toEqual([])
  })

  it('leaves a record from the future out of the window and says so', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, [...anHistory(20).transfers, aTransfer({ endedAt: NOON + 30 * 86_400 })])
    expect(await aBatch(volume).batch.runOnce()).toMatchObject({ outsideWindow: 1, from: NOON, to: NOON + 1200 })
  })

  it('waits for a run under way instead of running beside it', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHistory(20).transfers)
    const { batch } = aBatch(volume)
    const [first, second] = await Promise.all([batch.runOnce(), batch.runOnce()])
    expect([first.newRecords, second.newRecords]).toEqual([40, 0])
  })

  it('of a second process is refused, naming the first', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHistory(20).transfers)
    await aBatch(volume).batch.runOnce()
    const second = aBatch(volume)
    const refused = second.batch.runOnce()
    await expect(refused).rejects.toMatchObject({ code: 'log.writer_busy' })
  }, 60_000)
})

describe('a run that is killed', () => {
  const moments: [string, Parameters<typeof aMortalVolume>[1]][] = [
    ['before it saves', { when: 'before', call: 'replace', path: 'checkpoints/correlation/' }],
    ['between saving and writing the result', { when: 'after', call: 'replace', path: 'checkpoints/correlation/' }],
    ['between writing the result and knowing it', { when: 'after', call: 'append', path: 'correlations/batch/' }],
  ]
  it.each(moments)('%s counts no record twice and leaves every result once', async (_name, death) => {
    const { volume } = aVolume()
    const history = anHistory(120)
    await writeTransfers(volume, history.transfers)
    await writeAnomalies(volume, history.anomalies)
    const first = aBatch(volume)
    await first.batch.runOnce()
    await first.batch.close()
    await writeTransfers(volume, anHistory(60, NOON + 120 * 60).transfers)

    const killed = new Promise<void>((resolve) => {
      const mortal = aMortalVolume(volume, death, resolve)
      void newBatch({ volume: mortal, clock: aClock(NOON + 90_000) }).runOnce()
    })
    await killed
    // Its holder is this very process, which lives: what the lease's own rules do for a dead one is tested there.
    await volume.remove('correlations/batch/lease.json')

    const { batch } = aBatch(volume, {}, NOON + 90_600)
    const summary = await batch.runOnce()
    const lines = await linesOf(volume)
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1))
    expect(lines.reduce((sum, line) => sum + line.newRecords, 0)).toBe(360)
    expect(itemOf(summary, { platform: true })?.pairs).toBe(180)
  })
})

describe('a run with a Pushgateway', () => {
  it('pushes the platform figure under job and instance', async () => {
    const { volume } = aVolume()
    const { transfers, anomalies } = anHistory(300)
    await writeTransfers(volume, transfers)
    await writeAnomalies(volume, anomalies)
    const gateway = await anHttpReceiver((response) => response.end())
    const { batch } = aBatch(volume, { PUSHGATEWAY_URL: gateway.url, PUSHGATEWAY_INSTANCE: 'cron' })
    const summary = await batch.runOnce()
    expect(summary.push).toEqual({ ok: true })
    expect(gateway.requests).toHaveLength(1)
    expect(gateway.requests[0]).toMatchObject({
      method: 'PUT',
      path: '/metrics/job/dtms_correlation/instance/cron',
    })
    const coefficient = itemOf(summary, { platform: true })?.coefficient
    expect(gateway.requests[0]?.body).toContain(`\ndtms_corr_anomaly_throughput ${coefficient}\n`)
  })

  it('that refuses has its result in the log and an error line', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHistory(20).transfers)
    const gateway = await anHttpReceiver((response) => response.writeHead(503).end())
    const { batch, logger } = aBatch(volume, { PUSHGATEWAY_URL: gateway.url })
    expect(await batch.runOnce()).toMatchObject({ seq: 1, push: { ok: false, reason: 'status 503' } })
    expect(await linesOf(volume)).toHaveLength(1)
    expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'the Pushgateway did not take the result', fields: { reason: 'status 503' } },
    ])
  })

  it('and a read-only volume writes nothing there', async () => {
    const { volume } = aVolume()
    await writeTransfers(volume, anHistory(20).transfers)
    const gateway = await anHttpReceiver((response) => response.end())
    const forbidden = new Set(['createExclusive', 'replace', 'openSegment', 'remove'])
    const readOnly = new Proxy(volume, {
      get(target, name) {
        if (forbidden.has(String(name))) throw new Error(`${String(name)} on a read-only volume`)
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const { batch } = aBatch(readOnly, { PUSHGATEWAY_URL: gateway.url, DTMS_CORRELATION_STORE: 'false' })
    expect(await batch.runOnce()).toMatchObject({ newRecords: 40, push: { ok: true } })
    expect(await batch.runOnce()).toMatchObject({ newRecords: 40, push: { ok: true } })
  })
})
