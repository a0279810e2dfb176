import { describe, expect, test } from 'vitest'
import { strictEngine } from '../../anomaly/forest.ts'
import { DetectionPipeline, isInside, type MaintenanceWindow, type PipelineOptions } from '../../anomaly/pipeline.ts'
import type { Verdict } from '../../anomaly/verdicts.ts'
import { siteName } from '../../lib/names.ts'
import { createRandom } from '../../lib/random.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { anomalySchema } from '../../lib/streams/anomalies.ts'
import { aTransfer, NOON } from '../support/builders.ts'
import { failedRecord, isOnLink, slowedRecord, transferStream } from '../support/transfer-stream.ts'

const options: PipelineOptions = { engine: strictEngine, seed: 1 }
const quiet = { maintenance: [] }
const aToB = { source: siteName('SITE_A'), destination: siteName('SITE_B') }
const onAToB = (record: TransferRecord): boolean => isOnLink(record, 'SITE_A', 'SITE_B')

/** In pieces, as a tailer hands them over. */
function run(
  pipeline: DetectionPipeline,
  records: readonly TransferRecord[],
  maintenance: readonly MaintenanceWindow[] = [],
): Verdict[] {
  const verdicts: Verdict[] = []
  for (let from = 0; from < records.length; from += 100)
    verdicts.push(...pipeline.process(records.slice(from, from + 100), { maintenance }))
  return verdicts
}

const detectorsOf = (verdicts: readonly Verdict[]): Set<string> => new Set(verdicts.map(({ detector }) => detector))

const browned = transferStream({
  records: 3200,
  change: (record, n) => (n > 2400 && onAToB(record) ? slowedRecord(record, 8) : record),
})

describe('the detection pipeline', () => {
  test('is nearly silent when nothing is wrong, and silent about the links', () => {
    const records = transferStream({ records: 6000 })
    const pipeline = new DetectionPipeline(options)
    run(pipeline, records.slice(0, 1000))
    const verdicts = run(pipeline, records.slice(1000))
    expect(verdicts.length).toBeLessThanOrEqual(0.02 * 5000)
    expect(verdicts.filter(({ level }) => level === 'link')).toEqual([])
  })

  test('names the link that has become slow, as a whole, and no other link', () => {
    const links = run(new DetectionPipeline(options), browned).filter(({ level }) => level === 'link')
    expect(links[0]).toMatchObject({ ...aToB, detector: 'throughput-shift' })
    expect(links.every(({ source, destination }) => source === 'SITE_A' && destination === 'SITE_B')).toBe(true)
  })

  test('names the link on which most attempts fail, with the error, within a few minutes', () => {
    const random = createRandom(1, 'fails')
    const records = transferStream({
      records: 3000,
      change: (record, n) => (n > 2400 && onAToB(record) && random.chance(0.8) ? failedRecord(record) : record),
    })
    const [first] = run(new DetectionPipeline(options), records).filter(({ detector }) => detector === 'failure-share')
    expect(first).toMatchObject(aToB)
    expect(first?.why).toContain('mostly destination/no_space')
    expect((first?.at ?? 0) - (records[2400]?.endedAt ?? 0)).toBeLessThan(300)
  })

  test('a single failure is no anomaly', () => {
    const records = transferStream({
      records: 1500,
      failureShare: 0,
      change: (record, n) => (n === 1400 ? failedRecord(record) : record),
    })
    const verdicts = run(new DetectionPipeline(options), records)
    expect(verdicts.filter(({ transferId }) => transferId === records[1400]?.id)).toEqual([])
  })

  test('a transfer that is wildly slow before the first model is told by its z', () => {
    const records = transferStream({
      records: 240,
      failureShare: 0,
      change: (record, n) => (n === 230 ? slowedRecord(record, 1e4) : record),
    })
    const verdicts = run(new DetectionPipeline(options), records)
    expect(verdicts.map(({ transferId }) => transferId)).toContain(records[230]?.id)
    expect(detectorsOf(verdicts)).toEqual(new Set(['zscore']))
  })

  test('every verdict fits the schema of the log, and no id comes twice', () => {
    const verdicts = run(new DetectionPipeline(options), browned)
    for (const [i, verdict] of verdicts.entries()) {
      expect(anomalySchema.safeParse({ ...verdict, v: 1, seq: i + 1 }).error).toBeUndefined()
      expect(verdict.score).toBeGreaterThanOrEqual(verdict.threshold)
    }
    expect(new Set(verdicts.map(({ id }) => id)).size).toBe(verdicts.length)
  })

  test('gives the same verdicts for the same records, in whatever order a batch is', () => {
    const once = run(new DetectionPipeline(options), browned)
    const shuffled = new DetectionPipeline(options)
    const verdicts: Verdict[] = []
    for (let from = 0; from < browned.length; from += 100)
      verdicts.push(...shuffled.process(browned.slice(from, from + 100).reverse(), quiet))
    expect(verdicts).toEqual(once)
  })

  test.each([100, 700, 2450, 2900])('goes on after a restart at record %i as if nothing had happened', (cut) => {
    const whole = new DetectionPipeline(options)
    run(whole, browned.slice(0, cut))
    const restored = DetectionPipeline.restore(options, structuredClone(whole.save()), whole.model)
    expect(run(restored, browned.slice(cut))).toEqual(run(whole, browned.slice(cut)))
    expect(restored.facts()).toEqual(whole.facts())
    expect(restored.save()).toEqual(whole.save())
  })

  test('refuses and counts a record with a number that is none, and goes on', () => {
    const records = transferStream({
      records: 400,
      change: (record, n) => (n === 100 ? { ...record, durationSeconds: Number.NaN } : record),
    })
    const pipeline = new DetectionPipeline(options)
    run(pipeline, records)
    expect(pipeline.facts().counts).toMatchObject({ records: 400, refused: 1 })
  })

  test('a lasting change is adopted, and the link is no longer reported', () => {
    const records = transferStream({
      records: 9000,
      change: (record, n) => (n > 2400 && onAToB(record) ? slowedRecord(record, 3) : record),
    })
    const pipeline = new DetectionPipeline(options)
    const verdicts = run(pipeline, records)
    expect(pipeline.facts().counts.adoptedChanges).toBeGreaterThanOrEqual(1)
    const late = verdicts.filter(({ at, level }) => level === 'link' && at > (records[7500]?.endedAt ?? 0))
    expect(late).toEqual([])
  })

  test('half an hour of slowness does not become normal', () => {
    // One record in two seconds: 900 of them are half an hour.
    const slow = (n: number): boolean => n > 2400 && n <= 3300
    const pipeline = new DetectionPipeline(options)
    run(pipeline, transferStream({ records: 3800, change: (r, n) => (slow(n) && onAToB(r) ? slowedRecord(r, 8) : r) }))
    expect(pipeline.facts().counts.adoptedChanges).toBe(0)
  })
})

describe('maintenance', () => {
  const startsAt = browned[2400]?.endedAt ?? 0
  const window: MaintenanceWindow = { scope: aToB, startsAt, endsAt: startsAt + 86_400 }

  test('raises nothing on its link, and what happens there is not learnt', () => {
    const pipeline = new DetectionPipeline(options)
    const verdicts = run(pipeline, browned, [window])
    expect(
      verdicts.filter(
        ({ at, source, destination }) => at >= startsAt && source === 'SITE_A' && destination === 'SITE_B',
      ),
    ).toEqual([])
    const covered = browned.filter((record) => isInside(record, window)).length
    expect(covered).toBeGreaterThan(100)
    expect(pipeline.facts().counts.suppressed).toBe(covered)
  })

  test.each([
    ['ended as it began', -10, 0, true],
    ['ended before it began', -10, -0.001, false],
    ['was queued as it ended', 100, 130, true],
    ['was queued after it had ended', 100.001, 130, false],
    ['ran all through it', -50, 150, true],
  ])('covers a transfer that %s: it was queued at %d and ended at %d of 100: %s', (_what, from, to, inside) => {
    const record = { ...aTransfer({ endedAt: NOON + to, queuedAt: NOON + from }), v: 1, seq: 1, id: 'SITE_A-1' }
    expect(isInside(record, { scope: aToB, startsAt: NOON, endsAt: NOON + 100 })).toBe(inside)
    const elsewhere = { source: siteName('SITE_B'), destination: siteName('SITE_A') }
    expect(isInside(record, { scope: elsewhere, startsAt: NOON, endsAt: NOON + 100 })).toBe(false)
  })
})

test('more links than can be watched cost no single transfer its judgement', () => {
  const pipeline = new DetectionPipeline(options)
  const records = transferStream({ records: 1400 }).map((record, n) => ({ ...record, source: siteName(`S${n}`) }))
  run(pipeline, records)
  expect(pipeline.facts()).toMatchObject({ counts: { records: 1400, refused: 0 } })
  expect(pipeline.facts().links).toBeLessThanOrEqual(1100)
  expect(pipeline.save().links.length).toBe(1024)
})
