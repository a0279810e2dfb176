import { describe, expect, it } from 'vitest'
import { eventsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aClock, aFolder, eventually, NOON } from '../support/builders.ts'
import {
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
