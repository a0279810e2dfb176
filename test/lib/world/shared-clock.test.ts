import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../lib/clock.ts'
import { openLogWriter } from '../../../lib/log/writer.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { createSharedClock } from '../../../lib/world/shared-clock.ts'
import { createWorldFile, newWorldFile, type WorldFile } from '../../../lib/world/world-file.ts'
import { aClock, aFolder, aTransfer, eventually, NOON } from '../../support/builders.ts'
import { aBrownout, aControlWriter } from '../../support/exporters.ts'

const identity = { scenario: 'default', scenarioSha256: 'ab'.repeat(32), seed: 7 }

function aVolume(): Volume {
  return createInlineVolume({ root: aFolder() })
}

function aWorld(volume: Volume, changes: Partial<WorldFile> = {}): Promise<WorldFile> {
  const born = newWorldFile(identity, { wallNow: NOON, speed: 10, historyHours: 1 })
  return createWorldFile(volume, { ...born, ...changes })
}

const aSpeed = (effectiveAt: number, speed: number) => ({ type: 'speed' as const, at: effectiveAt, effectiveAt, speed })

describe('the shared clock in mode auto', () => {
  it('reads wall time until a world appears, then that world’s', async () => {
    const volume = aVolume()
    const wall = aClock(NOON + 100)
    const clock = createSharedClock(volume, 'auto', { wall })
    await clock.refresh()
    expect([clock.now(), clock.speed, clock.world]).toEqual([NOON + 100, 1, undefined])
    const world = await aWorld(volume)
    await clock.refresh()
    expect([clock.now(), clock.speed, clock.world]).toEqual([NOON + 1000, 10, world])
  })

  it('follows speeds from their instant on, and nothing else of the stream', async () => {
    const volume = aVolume()
    const wall = aClock(NOON)
    await aWorld(volume)
    const control = await aControlWriter(volume)
    await control.appendAll([aBrownout(NOON + 10), aSpeed(NOON + 100, 50), aSpeed(NOON + 600, 1)])
    const clock = createSharedClock(volume, 'auto', { wall })
    await clock.refresh()
    const readings = [0, 10, 12, 20, 25].map((seconds) => {
      wall.jumpTo(NOON + seconds)
      return [clock.now() - NOON, clock.speed]
    })
    expect(readings).toEqual([
      [0, 10],
      [100, 50],
      [200, 50],
      [600, 1],
      [605, 1],
    ])
  })

  it('reads the same in a process that learns of a speed late', async () => {
    const volume = aVolume()
    const wall = aClock(NOON)
    await aWorld(volume)
    const early = createSharedClock(volume, 'auto', { wall })
    await early.refresh()
    const control = await aControlWriter(volume)
    await control.append(aSpeed(NOON + 100, 50))
    await early.refresh()
    wall.jumpTo(NOON + 60)
    const late = createSharedClock(volume, 'auto', { wall })
    await late.refresh()
    expect(late.now()).toBe(early.now())
    expect(late.now()).toBe(NOON + 100 + 50 * 50)
  })

  it('stands still at the end of a simulated world', async () => {
    const volume = aVolume()
    await aWorld(volume, { speed: 0, backfillUntil: NOON })
    const clock = createSharedClock(volume, 'auto', { wall: aClock(NOON + 5000) })
    await clock.refresh()
    expect([clock.now(), clock.speed]).toEqual([NOON, 0])
  })

  it('goes on with what it knows while the volume fails, and finds the world by itself', async () => {
    const volume = aVolume()
    let failing = true
    const read: Volume['read'] = (...args) =>
      failing ? Promise.reject(new Error('the volume is away')) : volume.read(...args)
    const clock = createSharedClock({ ...volume, read }, 'auto', { wall: aClock(NOON + 1), pollMs: 5 })
    await clock.start()
    expect(clock.now()).toBe(NOON + 1)
    await aWorld(volume)
    failing = false
    await eventually(() => clock.world !== undefined)
    expect(clock.now()).toBe(NOON + 10)
    await clock.stop()
    await clock.stop()
  })
})

describe('the other modes', () => {
  it('wall: a world on the volume changes nothing', async () => {
    const volume = aVolume()
    await aWorld(volume)
    const clock = createSharedClock(volume, 'wall', { wall: aClock(NOON + 7) })
    await clock.refresh()
    expect([clock.now(), clock.speed, clock.world]).toEqual([NOON + 7, 1, undefined])
  })

  it('data: the present is the newest record, and moves only when the data grows', async () => {
    const volume = aVolume()
    const wall = aClock(NOON)
    const clock = createSharedClock(volume, 'data', { wall })
    await clock.refresh()
    expect(clock.now()).toBe(NOON)
    const options = { volume, stream: 'transfers', writer: 'SITE_A', codec: transferCodec, clock: systemClock }
    const writer = await openLogWriter({ ...options, logger: silentLogger })
    await writer.appendAll([aTransfer({ endedAt: NOON - 900 }), aTransfer({ endedAt: NOON - 1000 })])
    await clock.refresh()
    wall.advance(50)
    expect([clock.now(), clock.speed]).toEqual([NOON - 900, 0])
    await writer.append(aTransfer({ endedAt: NOON - 100 }))
    await writer.close()
    await clock.refresh()
    expect(clock.now()).toBe(NOON - 100)
  })
})
