import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createExporter } from '../../exporters/app.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { eventsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { readWorldFile } from '../../lib/world/world-file.ts'
import { aClock, aFolder, eventually, NOON } from '../support/builders.ts'
import {
  aDiskThatFills,
  anExporterConfig,
  aRunningExporter,
  caughtUp,
  readAll,
  SITE_A,
  transfersOf,
  withoutLogFields,
  worldTransfers,
} from '../support/exporters.ts'

describe('an exporter on an empty volume', () => {
  it('writes the past up to the creation, then follows the clock', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const wall = aClock()
    const exporter = await aRunningExporter(volume, wall)
    await caughtUp(exporter)
    const past = await transfersOf(volume)
    expect(past.map(withoutLogFields)).toEqual((await worldTransfers(volume, NOON)).map(({ transfer }) => transfer))
    expect(past.map(({ seq }) => seq)).toEqual(past.map((_, i) => i + 1))

    wall.advance(300)
    const expected = (await worldTransfers(volume, NOON + 300)).map(({ transfer }) => transfer)
    await eventually(async () => (await transfersOf(volume)).length === expected.length)
    expect((await transfersOf(volume)).map(withoutLogFields)).toEqual(expected)
    expect((await readAll(volume, 'events', SITE_A, eventsCodec)).entries).toEqual([])
  })
})

describe('an exporter that comes back', () => {
  it.each([
    { gapSeconds: 600, paused: false },
    { gapSeconds: 600.001, paused: true },
  ])('after $gapSeconds s: paused $paused', async ({ gapSeconds, paused }) => {
    const volume = createInlineVolume({ root: aFolder() })
    const wall = aClock()
    const first = await aRunningExporter(volume, wall)
    await caughtUp(first)
    await first.stop()

    wall.advance(gapSeconds)
    const second = await aRunningExporter(volume, wall)
    await caughtUp(second)
    wall.advance(300)
    const end = NOON + gapSeconds + 300
    const expected = (await worldTransfers(volume, end)).filter(
      ({ at }) => !paused || at <= NOON || at > NOON + gapSeconds,
    )
    await eventually(async () => (await transfersOf(volume)).length >= expected.length)
    expect((await transfersOf(volume)).map(withoutLogFields)).toEqual(expected.map(({ transfer }) => transfer))
    const events = (await readAll(volume, 'events', SITE_A, eventsCodec)).entries.map(({ value }) => value)
    const pause = { type: 'paused', from: NOON, to: NOON + gapSeconds }
    expect(events).toEqual(paused ? [expect.objectContaining(pause)] : [])
  })
})

describe('a volume that is full', () => {
  it('keeps an exporter waiting, not from stopping; the next one makes up for what was not written', async () => {
    const disk = aDiskThatFills()
    const volume = createInlineVolume({ root: aFolder(), calls: disk.calls })
    const wall = aClock()
    const retry = { firstPauseMs: 5, lastPauseMs: 50, closePatienceMs: 300 }
    const exporter = await aRunningExporter(volume, wall, {}, { retry })
    await caughtUp(exporter)
    disk.full = true
    wall.advance(300)
    await eventually(() => disk.refused > 0)
    await exporter.stop()
    disk.full = false
    await aRunningExporter(volume, wall)
    const expected = (await worldTransfers(volume, NOON + 300)).map(({ transfer }) => transfer)
    await eventually(async () => (await transfersOf(volume)).length >= expected.length)
    expect((await transfersOf(volume)).map(withoutLogFields)).toEqual(expected)
  })
})

describe('an exporter that cannot start', () => {
  it('refuses a directory of another seed, and names another directory', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await aRunningExporter(volume, aClock())
    await expect(aRunningExporter(volume, aClock(), { seed: 8, site: siteName('SITE_B') })).rejects.toMatchObject({
      code: 'world.mismatch',
      hint: expect.stringContaining('DTMS_DATA_DIR=./data-default-8'),
    })
  })

  it('refuses a log without its world, and a simulated world that has ended', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const exporter = await aRunningExporter(volume, aClock())
    await caughtUp(exporter)
    await exporter.stop()
    const file = await readWorldFile(volume)
    rmSync(join(root, 'world.json'))
    await expect(aRunningExporter(volume, aClock())).rejects.toMatchObject({
      code: 'world.invalid',
      message: expect.stringContaining('no world.json'),
    })
    writeFileSync(join(root, 'world.json'), `${JSON.stringify({ ...file, speed: 0 })}\n`)
    await expect(aRunningExporter(volume, aClock())).rejects.toMatchObject({
      code: 'world.invalid',
      hint: expect.stringContaining('--source none'),
    })
  })

  it.each([
    { what: 'an unknown scenario', changes: { scenario: 'nowhere' }, code: 'scenario.invalid' },
    { what: 'a site that is not in it', changes: { site: siteName('SITE_X') }, code: 'config.invalid' },
    { what: 'no source', changes: { source: 'none' as const }, code: 'config.invalid' },
  ])('refuses $what', async ({ changes, code }) => {
    const volume = createInlineVolume({ root: aFolder() })
    await expect(aRunningExporter(volume, aClock(), changes)).rejects.toMatchObject({ code })
    expect(await readWorldFile(volume)).toBeUndefined()
  })

  it('says so when another exporter takes its folders over, and writes no more', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const wall = aClock()
    const exporter = await aRunningExporter(volume, wall)
    await caughtUp(exporter)
    const lease = join(root, 'transfers/SITE_A/lease.json')
    const mine = readFileSync(lease, 'utf8')
    const other = mine.replace(/"epoch":\d+/, '"epoch":9')
    writeFileSync(lease, other)
    writeFileSync(join(root, 'transfers/SITE_A/000009-000001.ndjson'), '')
    wall.advance(60)
    await expect(exporter.failed).rejects.toMatchObject({ code: 'log.fenced' })
    expect(exporter.checks().writer).toMatchObject({ ok: false })
  })
})

describe('stopping', () => {
  it('is harmless before, during and after a start, and twice', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const options = { logger: silentLogger, volume, clock: createSharedClock(volume, 'auto', { wall: aClock() }) }
    const exporter = createExporter({ ...options, config: anExporterConfig() })
    const starting = exporter.start()
    await Promise.all([exporter.stop(), exporter.stop(), starting])
    expect(await volume.list(`transfers/${SITE_A}`)).not.toContain('lease.json')
    await createExporter({ ...options, config: anExporterConfig() }).stop()
  })
})
