import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ForeignSource } from '../../exporters/foreign-source.ts'
import type { Source } from '../../exporters/source.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aClock, aFolder, eventually } from '../support/builders.ts'
import { aRunningExporter } from '../support/exporters.ts'
import { recordsOf, rejectedOf } from '../support/imports.ts'

const HEADER = 'timestamp_unix,bytes,duration,status,site\n'
const row = (n: number, site = 'SITE_A'): string => `${1_696_161_600 + n},${1000 + n},2,OK,${site}\n`
const nothing = { transfers: 0, events: 0, truth: 0 }

function aFeed(content = HEADER): { path: string; volume: Volume; source: () => ForeignSource } {
  const folder = aFolder()
  const path = join(folder, 'feed.csv')
  if (content !== '') writeFileSync(path, content)
  const volume = createInlineVolume({ root: join(folder, 'data') })
  const source = () =>
    new ForeignSource({
      site: siteName('SITE_A'),
      path,
      format: 'transfers-csv',
      volume,
      clock: aClock(),
      logger: silentLogger,
    })
  return { path, volume, source }
}

async function opened(source: ForeignSource, state?: unknown, transfers = 0): Promise<ForeignSource> {
  const saved = state === undefined ? undefined : { positions: new Map(), state }
  await source.open({ state: saved, written: { ...nothing, transfers }, pauses: [] })
  return source
}

/** The sizes of what comes in the next calls. */
async function sizes(source: Source, calls = 3): Promise<number[]> {
  const found: Transfer[] = []
  for (let i = 0; i < calls; i += 1) found.push(...(await source.next()).transfers)
  return found.map(({ sizeBytes }) => sizeBytes - 1000)
}

describe('a file that somebody else appends to', () => {
  test('is followed row by row, for one site', async () => {
    const feed = aFeed(HEADER + row(1) + row(2, 'SITE_B') + row(3))
    const source = await opened(feed.source())
    expect(await sizes(source)).toEqual([1, 3])
    appendFileSync(feed.path, row(4))
    expect(await sizes(source)).toEqual([4])
    expect(await sizes(source)).toEqual([])
  })

  test('gives a row when its line is ended, not before', async () => {
    const feed = aFeed(HEADER + row(1).slice(0, -5))
    const source = await opened(feed.source())
    expect(await sizes(source)).toEqual([])
    appendFileSync(feed.path, row(1).slice(-5))
    expect(await sizes(source)).toEqual([1])
  })

  test('may appear later, and readiness says that it is missing', async () => {
    const feed = aFeed('')
    const source = await opened(feed.source())
    expect(await sizes(source, 1)).toEqual([])
    expect(source.status().problem).toMatch(/feed\.csv cannot be read \(ENOENT\)/)
    writeFileSync(feed.path, HEADER + row(1))
    expect(await sizes(source)).toEqual([1])
    expect(source.status().problem).toBeUndefined()
  })

  test('goes on behind the saved place, with the header of the first line', async () => {
    const feed = aFeed(HEADER + row(1) + row(2))
    const first = await opened(feed.source())
    await sizes(first)
    appendFileSync(feed.path, row(3) + row(4).slice(0, 7))
    expect(await sizes(await opened(feed.source(), first.state().state))).toEqual([3])
  })

  test('gives the same entries again from the same state', async () => {
    const feed = aFeed(HEADER + row(1))
    const first = await opened(feed.source())
    await sizes(first)
    const state = first.state().state
    appendFileSync(feed.path, row(2) + row(3))
    expect(await sizes(first)).toEqual([2, 3])
    expect(await sizes(await opened(feed.source(), state, 2))).toEqual([2, 3])
  })

  test('that is replaced is read from its beginning, after the change is saved', async () => {
    const feed = aFeed(HEADER + row(1) + row(2))
    const source = await opened(feed.source())
    await sizes(source)
    renameSync(feed.path, `${feed.path}.1`)
    writeFileSync(feed.path, HEADER + row(7) + row(8) + row(9))
    expect(await source.next()).toMatchObject({ transfers: [], settle: 'saved', waitMs: 0 })
    expect(await sizes(source)).toEqual([7, 8, 9])
  })

  test('that is cut back is read from its beginning', async () => {
    const feed = aFeed(HEADER + row(1) + row(2))
    const source = await opened(feed.source())
    await sizes(source)
    writeFileSync(feed.path, HEADER + row(5))
    expect(await sizes(source)).toEqual([5])
  })

  test('with rows that cannot become records keeps those, once, also when they are met again', async () => {
    const feed = aFeed(`${HEADER}nonsense\n${row(1)}`)
    for (let i = 0; i < 2; i += 1) {
      const source = await opened(feed.source())
      expect(await sizes(source)).toEqual([1])
      await source.close()
    }
    expect(await rejectedOf(feed.volume)).toMatchObject([
      { reason: 'columns', origin: 'feed.csv', line: 2, offset: HEADER.length, text: 'nonsense' },
    ])
  })

  test('without the columns of its format is an error that names them', async () => {
    const feed = aFeed('a,b\n')
    const source = await opened(feed.source())
    await expect(source.next()).rejects.toMatchObject({
      code: 'input.unreadable',
      message: expect.stringContaining('lacks the columns'),
    })
  })
})

describe('an exporter with DTMS_SOURCE=csv', () => {
  test('records what the file brings, and goes on after a stop without a gap or a repeat', async () => {
    const feed = aFeed(HEADER + row(1))
    const settings = { source: 'csv' as const, sourceFile: feed.path }
    const first = await aRunningExporter(feed.volume, aClock(), settings)
    await eventually(async () => (await recordsOf(feed.volume)).length === 1)
    await first.stop()
    appendFileSync(feed.path, row(2) + row(3))
    await aRunningExporter(feed.volume, aClock(), settings)
    appendFileSync(feed.path, row(4))
    await eventually(async () => (await recordsOf(feed.volume)).length === 4)
    const records = await recordsOf(feed.volume)
    expect(records.map(({ seq, sizeBytes }) => [seq, sizeBytes])).toEqual([
      [1, 1001],
      [2, 1002],
      [3, 1003],
      [4, 1004],
    ])
  })

  test('needs to know the file', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await expect(aRunningExporter(volume, aClock(), { source: 'csv' })).rejects.toMatchObject({
      code: 'config.invalid',
      hint: expect.stringContaining('the file to follow'),
    })
  })
})
