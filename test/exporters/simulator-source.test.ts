import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createExporter } from '../../exporters/app.ts'
import { openSaves } from '../../exporters/saves.ts'
import { silentLogger } from '../../lib/logger.ts'
import { eventsCodec, truthCodec } from '../../lib/streams/codecs.ts'
import type { FaultRequest } from '../../lib/streams/control.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { aClock, aFolder, eventually, NOON } from '../support/builders.ts'
import {
  aBrownout,
  aControlWriter,
  aCrashImage,
  anExporterConfig,
  aRunningExporter,
  caughtUp,
  readAll,
  SITE_A,
  type TakenIn,
  transfersOf,
  withoutLogFields,
  worldTransfers,
} from '../support/exporters.ts'

async function truthOf(volume: Volume) {
  const { entries } = await readAll(volume, 'truth', SITE_A, truthCodec)
  return entries.map(({ value }) => value)
}

/** The exporter has saved a world that knows this request. */
async function takenIn(volume: Volume, seq: number): Promise<void> {
  const saves = openSaves({ volume, site: SITE_A, logger: silentLogger })
  await eventually(async () => {
    const saved = (await saves.load())?.state.state as { world: { controlSeq: number } } | undefined
    return saved !== undefined && saved.world.controlSeq >= seq
  })
}

/** The log holds exactly what the world gives up to `to`. */
async function expectWorld(volume: Volume, to: number, requests: TakenIn[]): Promise<void> {
  const expected = (await worldTransfers(volume, to, requests)).map(({ transfer }) => transfer)
  await eventually(async () => (await transfersOf(volume)).length >= expected.length)
  expect((await transfersOf(volume)).map(withoutLogFields)).toEqual(expected)
}

async function aLiveFault(read: 'in time' | 'late') {
  const root = aFolder()
  const volume = createInlineVolume({ root })
  const wall = aClock()
  const exporter = await aRunningExporter(volume, wall)
  await caughtUp(exporter)
  const control = await aControlWriter(volume)
  if (read === 'late') {
    wall.advance(120)
    await caughtUp(exporter)
    await expectWorld(volume, NOON + 120, [])
  }
  const request = aBrownout(NOON + 60)
  const seq = await control.append(request)
  wall.advance(2)
  await takenIn(volume, seq)
  wall.advance(900)
  const line: FaultRequest = { ...request, v: 1, seq }
  await eventually(async () => (await truthOf(volume)).length > 0)
  return { root, volume, wall, exporter, line, now: wall.now() }
}

describe('a request that is read in time', () => {
  it('acts at its instant, as it does in a world that always knew it', async () => {
    const { volume, line, now } = await aLiveFault('in time')
    await expectWorld(volume, now, [{ at: Number.NEGATIVE_INFINITY, line }])
    expect(await truthOf(volume)).toEqual([
      expect.objectContaining({ type: 'fault-started', fault: 'f-1', startedAt: NOON + 60, plannedStartAt: NOON + 60 }),
    ])
  })
})

describe('a request that is read late', () => {
  it('acts at once, changes nothing that is written, and its truth says when', async () => {
    const { volume, line, now } = await aLiveFault('late')
    const [started] = await truthOf(volume)
    expect(started).toMatchObject({ type: 'fault-started', fault: 'f-1', plannedStartAt: NOON + 60 })
    expect(started?.startedAt).toBeGreaterThan(NOON + 120)
    await expectWorld(volume, now, [{ at: (started?.startedAt ?? 0) - 0.001, line }])
  })
})

describe('after a kill', () => {
  const losses = [
    { what: 'its save', lost: [] },
    { what: 'only the save before that', lost: ['world'] },
    { what: 'no save at all', lost: ['world', 'world.previous'] },
  ]
  for (const read of ['in time', 'late'] as const) {
    it.each(losses)(`the world goes on as it was, a request read ${read} and all, from $what`, async ({ lost }) => {
      const { root, volume, wall, exporter, line, now } = await aLiveFault(read)
      const startedAt = (await truthOf(volume))[0]?.startedAt ?? 0
      const requests = [{ at: read === 'late' ? startedAt - 0.001 : Number.NEGATIVE_INFINITY, line }]
      await expectWorld(volume, now, requests)
      const image = aCrashImage(root)
      await exporter.stop()
      for (const file of lost) rmSync(join(image, 'checkpoints', `exporter-${SITE_A}`, file))
      const restored = createInlineVolume({ root: image })
      wall.advance(100)
      await aRunningExporter(restored, wall)
      await expectWorld(restored, now + 100, requests)
    })
  }

  it('a request that nobody had read acts behind everything that was written', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const wall = aClock()
    const exporter = await aRunningExporter(volume, wall)
    await caughtUp(exporter)
    wall.advance(300)
    await expectWorld(volume, NOON + 300, [])
    const image = aCrashImage(root)
    rmSync(join(image, 'checkpoints'), { recursive: true })

    const restored = createInlineVolume({ root: image })
    const control = await aControlWriter(restored)
    const request = aBrownout(NOON + 60)
    const seq = await control.append(request)
    wall.advance(60)
    await aRunningExporter(restored, wall)
    await eventually(async () => (await truthOf(restored)).length > 0)
    const [started] = await truthOf(restored)
    const last = (await worldTransfers(restored, NOON + 300)).at(-1)?.at ?? 0
    expect(started?.startedAt).toBeCloseTo(last + 0.001, 6)
    await expectWorld(restored, NOON + 360, [{ at: last, line: { ...request, v: 1, seq } }])
  })
})

describe('a clock that leaps', () => {
  it.each([
    { seconds: 600, paused: false },
    { seconds: 601, paused: true },
  ])('by $seconds s ahead of the steady one is paused: $paused', async ({ seconds, paused }) => {
    const volume = createInlineVolume({ root: aFolder() })
    const wall = aClock()
    const exporter = await aRunningExporter(volume, wall)
    await caughtUp(exporter)
    wall.jumpTo(NOON + seconds)
    const expected = (await worldTransfers(volume, NOON + seconds + 300)).filter(
      ({ at }) => !paused || at <= NOON || at > NOON + seconds,
    )
    await caughtUp(exporter)
    wall.advance(300)
    await eventually(async () => (await transfersOf(volume)).length >= expected.length)
    expect((await transfersOf(volume)).map(withoutLogFields)).toEqual(expected.map(({ transfer }) => transfer))
    const events = (await readAll(volume, 'events', SITE_A, eventsCodec)).entries.map(({ value }) => value)
    expect(events).toEqual(paused ? [expect.objectContaining({ type: 'paused', from: NOON, to: NOON + seconds })] : [])
  })

  it.each([
    { from: 1, to: 1000 },
    { from: 1000, to: 1 },
  ])('only because its speed went from $from to $to is not paused', async ({ from, to }) => {
    const volume = createInlineVolume({ root: aFolder() })
    const wall = aClock()
    const clock = createSharedClock(volume, 'auto', { wall })
    const config = anExporterConfig({ speed: from })
    const exporter = createExporter({ config, clock, logger: silentLogger, volume })
    onTestFinished(() => exporter.stop())
    await exporter.start()
    wall.advance(1)
    await caughtUp(exporter)
    const control = await aControlWriter(volume)
    await control.append({ type: 'speed', at: NOON, effectiveAt: NOON + 6 * from, speed: to })
    await clock.refresh()
    wall.advance(10)
    await expectWorld(volume, NOON + 6 * from + 5 * to, [])
    expect((await readAll(volume, 'events', SITE_A, eventsCodec)).entries).toEqual([])
  })

  it('back says so and writes nothing twice', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const wall = aClock()
    const exporter = await aRunningExporter(volume, wall)
    await caughtUp(exporter)
    const before = await transfersOf(volume)
    wall.jumpTo(NOON - 3600)
    await eventually(() => exporter.checks().clock?.ok === false)
    wall.jumpTo(NOON + 60)
    await eventually(() => exporter.checks().clock === undefined)
    await expectWorld(volume, NOON + 60, [])
    expect((await transfersOf(volume)).slice(0, before.length)).toEqual(before)
  })
})
