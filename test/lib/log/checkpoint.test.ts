import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CheckpointOptions, openCheckpoint, registeredPositions } from '../../../lib/log/checkpoint.ts'
import type { Position } from '../../../lib/log/log.ts'
import { silentLogger } from '../../../lib/logger.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { aVolume } from '../../support/log.ts'

interface State {
  count: number
}

const position: Position = { segment: '000001-000002.ndjson', offset: 120, seq: 7 }

function aCheckpoint(volume: Volume, changes: Partial<CheckpointOptions<State>> = {}) {
  return openCheckpoint<State>({
    volume,
    service: 'anomaly',
    reader: 'main',
    version: 1,
    logger: silentLogger,
    ...changes,
  })
}

const at = (seq: number, count: number) => ({
  positions: new Map([['transfers', new Map([['SITE_A', { ...position, seq }]])]]),
  state: { count },
})

describe('a checkpoint', () => {
  it('is undefined before the first one', async () => {
    const { volume } = aVolume()
    const checkpoint = aCheckpoint(volume)
    expect(await checkpoint.load()).toBeUndefined()
    expect(checkpoint.stats).toEqual({ saves: 0, damaged: 0 })
  })

  it('brings back positions of every stream and the state', async () => {
    const { volume } = aVolume()
    const saved = at(7, 42)
    saved.positions.set('events', new Map([['api', { ...position, seq: 2 }]]))
    await aCheckpoint(volume).save(saved)
    expect(await aCheckpoint(volume).load()).toEqual(saved)
  })

  it('keeps bytes as they are', async () => {
    const { volume } = aVolume()
    const bytes = Buffer.from([0, 10, 255, 10, 13])
    const options = { encode: (state: Buffer) => state, decode: (state: Buffer) => Buffer.from(state) }
    const open = () =>
      openCheckpoint<Buffer>({ volume, service: 's', reader: 'r', version: 1, logger: silentLogger, ...options })
    await open().save({ positions: new Map(), state: bytes })
    expect((await open().load())?.state).toEqual(bytes)
  })

  it.each([
    { what: 'empty', damage: (path: string) => truncateSync(path, 0) },
    { what: 'cut in the header', damage: (path: string) => truncateSync(path, 50) },
    { what: 'cut in the state', damage: (path: string) => truncateSync(path, readFileSync(path).length - 1) },
    { what: 'changed in the header', damage: (path: string) => flip(path, 40) },
    { what: 'changed in the state', damage: (path: string) => flip(path, readFileSync(path).length - 2) },
    { what: 'longer than it was', damage: (path: string) => writeFileSync(path, '!', { flag: 'a' }) },
    { what: 'absent after a crash between two renames', damage: (path: string) => rmSync(path) },
  ])('that is $what gives way to the one before, and that to the beginning', async ({ what, damage }) => {
    const { volume, root } = aVolume()
    await aCheckpoint(volume).save(at(1, 1))
    await aCheckpoint(volume).save(at(2, 2))
    const path = join(root, 'checkpoints/anomaly/main')
    const counted = what.startsWith('absent') ? 0 : 1
    damage(path)
    const second = aCheckpoint(volume)
    expect(await second.load()).toEqual(at(1, 1))
    expect(second.stats.damaged).toBe(counted)
    damage(`${path}.previous`)
    const third = aCheckpoint(volume)
    expect(await third.load()).toBeUndefined()
    expect(third.stats.damaged).toBe(2 * counted)
  })

  it.each([
    { what: 'of a newer state', changes: { version: 2 } },
    { what: 'of another service', changes: { service: 'freshness' } },
    { what: 'of another reader', changes: { reader: 'other' } },
  ])('$what is refused with a hint, not started over', async ({ changes }) => {
    const { volume, root } = aVolume()
    const other = aCheckpoint(volume, changes)
    await other.save(at(1, 1))
    const { service = 'anomaly', reader = 'main' } = changes as Partial<CheckpointOptions<State>>
    await volume.replace('checkpoints/anomaly/main', readFileSync(join(root, `checkpoints/${service}/${reader}`)))
    await expect(aCheckpoint(volume).load()).rejects.toMatchObject({
      code: 'checkpoint.invalid',
      hint: expect.stringContaining('checkpoints/anomaly/main'),
    })
  })

  it('of an older state is handed over with its version', async () => {
    const { volume } = aVolume()
    await aCheckpoint(volume).save(at(1, 1))
    const decode = (bytes: Buffer, version: number) => ({ count: JSON.parse(bytes.toString()).count * 10 + version })
    expect((await aCheckpoint(volume, { version: 2, decode }).load())?.state).toEqual({ count: 11 })
  })

  it('registers its reader with the older of its two generations', async () => {
    const { volume } = aVolume()
    await aCheckpoint(volume).save(at(5, 1))
    await aCheckpoint(volume).save(at(9, 2))
    await aCheckpoint(volume, { service: 'other' }).save({
      positions: new Map([['events', new Map()]]),
      state: { count: 0 },
    })
    const seqs = (await registeredPositions(volume, 'transfers', 'SITE_A')).map((one) => one?.seq)
    expect(seqs).toEqual([9, 5])
    expect(await registeredPositions(volume, 'transfers', 'SITE_B')).toEqual([undefined, undefined])
    expect(await registeredPositions(volume, 'truth', 'SITE_A')).toEqual([])
  })
})

function flip(path: string, place: number): void {
  const bytes = readFileSync(path)
  bytes[place] = (bytes[place] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
