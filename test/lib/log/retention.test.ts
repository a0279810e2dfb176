import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../../lib/log/checkpoint.ts'
import { emptySummary, type SegmentIndex, writeIndex } from '../../../lib/log/index-file.ts'
import type { Position } from '../../../lib/log/log.ts'
import { applyRetention, type RetentionRule } from '../../../lib/log/retention.ts'
import { segmentName } from '../../../lib/log/segments.ts'
import { silentLogger } from '../../../lib/logger.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { NOON } from '../../support/builders.ts'
import { aNote, aTailer, aVolume, aWriter, readAll, segmentFiles } from '../../support/log.ts'

const HOUR = 3600
const keepAll: RetentionRule = { hours: 1000, bytes: 1e9 }

/** Five sealed segments of 100 bytes; segment n holds what happened at NOON + n hours. */
async function fiveSegments(volume: Volume, writer = 'W'): Promise<SegmentIndex> {
  const index: SegmentIndex = new Map()
  for (let n = 1; n <= 5; n += 1) {
    const segment = segmentName(1, n)
    index.set(segment, {
      ...emptySummary(segment),
      lines: 1,
      bytes: 100,
      firstSeq: n,
      lastSeq: n,
      minAt: NOON + n * HOUR,
      maxAt: NOON + n * HOUR,
    })
    await volume.createExclusive(`notes/${writer}/${segment}`, Buffer.alloc(100))
  }
  await writeIndex(volume, `notes/${writer}`, index)
  return index
}

async function register(volume: Volume, reader: string, position: Position | undefined, saves = 2): Promise<void> {
  const options = { volume, service: 'reader', reader, version: 1, logger: silentLogger }
  const writers = new Map(position === undefined ? [] : [['W', position]])
  for (let i = 0; i < saves; i += 1) {
    await openCheckpoint<null>(options).save({ positions: new Map([['notes', writers]]), state: null })
  }
}

async function retain(volume: Volume, rule: Partial<RetentionRule>, index: SegmentIndex): Promise<string[]> {
  const work = { volume, stream: 'notes', writer: 'W', folder: 'notes/W', index, rule: { ...keepAll, ...rule } }
  const deleted = await applyRetention(work)
  return deleted.map(({ segment, forced }) => `${Number(segment.slice(7, 13))}${forced ? ' forced' : ''}`)
}

const place = (n: number, offset: number): Position => ({ segment: segmentName(1, n), offset, seq: n })

describe('retention', () => {
  it.each([
    { hours: 4, gone: [] },
    { hours: 3.999, gone: ['1'] },
    { hours: 2, gone: ['1', '2'] },
    { hours: 0, gone: ['1', '2', '3', '4'] },
  ])('of $hours hours deletes by record time, counted back from the newest segment: $gone', async ({ hours, gone }) => {
    const { volume } = aVolume()
    const index = await fiveSegments(volume)
    expect(await retain(volume, { hours }, index)).toEqual(gone)
    expect(index.size).toBe(5 - gone.length)
    expect((await volume.list('notes/W'))?.length).toBe(6 - gone.length)
  })

  it('deletes nothing because of one record from the far future', async () => {
    const { volume } = aVolume()
    const index = await fiveSegments(volume)
    const last = index.get(segmentName(1, 5))
    if (last !== undefined) last.maxAt = NOON + 100 * 365 * 24 * HOUR
    expect(await retain(volume, { hours: 4 }, index)).toEqual([])
  })

  it.each([
    { what: 'at the start of segment 2', position: place(2, 0), gone: ['1'] },
    { what: 'before the end of segment 2', position: place(2, 99), gone: ['1'] },
    { what: 'at the end of segment 2', position: place(2, 100), gone: ['1', '2'] },
    { what: 'nowhere yet', position: undefined, gone: [] },
  ])('waits for a registered reader that is $what', async ({ position, gone }) => {
    const { volume } = aVolume()
    const index = await fiveSegments(volume)
    await register(volume, 'fast', place(5, 100))
    await register(volume, 'slow', position)
    expect(await retain(volume, { hours: 0 }, index)).toEqual(gone)
  })

  it('waits for what a reader may have to fall back on', async () => {
    const { volume } = aVolume()
    const index = await fiveSegments(volume)
    await register(volume, 'r', place(1, 0), 1)
    await register(volume, 'r', place(5, 100), 1)
    expect(await retain(volume, { hours: 0 }, index)).toEqual([])
  })

  it.each([
    { bytes: 500, gone: [] },
    { bytes: 499, gone: ['1 forced'] },
    { bytes: 250, gone: ['1 forced', '2 forced', '3 forced'] },
    { bytes: 1, gone: ['1 forced', '2 forced', '3 forced', '4 forced'] },
  ])('beyond $bytes bytes deletes even what a reader needs, but never the newest: $gone', async ({ bytes, gone }) => {
    const { volume } = aVolume()
    const index = await fiveSegments(volume)
    await register(volume, 'slow', place(1, 0))
    expect(await retain(volume, { bytes }, index)).toEqual(gone)
  })

  it('shares the limit of a stream evenly between its writers', async () => {
    const { volume } = aVolume()
    await fiveSegments(volume, 'OTHER')
    const index = await fiveSegments(volume)
    expect(await retain(volume, { bytes: 1000 }, index)).toEqual([])
    expect(await retain(volume, { bytes: 600 }, index)).toEqual(['1', '2'])
  })

  it('is done by the writer as its segments roll, and readers are told of what they missed', async () => {
    const { volume, root } = aVolume()
    const lagging = new Map([['W', { segment: '000001-000001.ndjson', offset: 0, seq: 0 }]])
    await register(volume, 'slow', lagging.get('W'))
    const roll = { bytes: 400, seconds: 1e9, leastBytes: 0 }
    for (let life = 0; life < 6; life += 1) {
      const writer = await aWriter(volume, { roll, retention: { hours: 1000, bytes: 1000 } })
      await writer.appendAll(Array.from({ length: 20 }, (_, i) => aNote(life * 20 + i)))
      await writer.close()
      if (life === 5) expect(writer.stats.retentionForced).toBeGreaterThan(0)
    }
    const names = readdirSync(join(root, 'notes/W'))
    expect(segmentFiles(root).length).toBeLessThan(24)
    expect(names).toContain('index.ndjson')
    const batch = await readAll(aTailer(volume, { positions: lagging }))
    const first = batch.entries[0]?.seq ?? 0
    expect(batch.gaps).toEqual([{ writer: 'W', fromSeq: 1, toSeq: first - 1, reason: 'deleted' }])
    expect(batch.entries.at(-1)?.seq).toBe(120)
  })
})
