import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Clock } from '../../../lib/clock.ts'
import type { DtmsError } from '../../../lib/errors.ts'
import type { Holder, ProcessTable } from '../../../lib/log/holder.ts'
import { type Claim, claimFolder, type LeaseOptions } from '../../../lib/log/lease.ts'
import { silentLogger } from '../../../lib/logger.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { aVolume } from '../../support/log.ts'

const timing = { beatMs: 60_000, watchMs: 15_000, trustMs: 10_000, lookMs: 1 }

/** Its monotonic clock goes 100 ms a look; the wall is what a test says. */
function aTickingClock(): Clock & { ms: number; wall: number } {
  return {
    ms: 0,
    wall: 0,
    now() {
      return this.wall
    },
    monotonic() {
      this.ms += 100
      return this.ms
    },
  }
}

const holder = (pid: number): Holder => ({ host: 'here', pid, start: pid })

function processes(self: Holder, dead: number[] = []): ProcessTable {
  return { self: () => self, isAlive: ({ pid }) => !dead.includes(pid) }
}

async function claim(volume: Volume, pid: number, changes: Partial<LeaseOptions> = {}): Promise<Claim> {
  const made = await claimFolder({
    volume,
    folder: 'notes/W',
    clock: aTickingClock(),
    logger: silentLogger,
    timing,
    processes: processes(holder(pid)),
    onLost: () => {},
    ...changes,
  })
  onTestFinished(() => made.lease.release())
  return made
}

describe('the lease of a folder', () => {
  it('is taken when there is none, and says who holds the folder', async () => {
    const { volume, root } = aVolume()
    const { lease, segment } = await claim(volume, 1)
    expect({ epoch: lease.epoch, segment }).toEqual({ epoch: 1, segment: '000001-000001.ndjson' })
    const file = JSON.parse(readFileSync(join(root, 'notes/W/lease.json'), 'utf8'))
    expect(file).toEqual({ v: 1, holder: holder(1), epoch: 1, beat: 1 })
    await lease.release()
    expect(await volume.list('notes/W')).toEqual(['000001-000001.ndjson'])
  })

  it('is taken at once from a process that is gone', async () => {
    const { volume } = aVolume()
    await claim(volume, 1)
    const clock = aTickingClock()
    const { lease } = await claim(volume, 2, { clock, processes: processes(holder(2), [1]) })
    expect(lease.epoch).toBe(2)
    expect(clock.ms).toBeLessThan(timing.watchMs)
  })

  it('is taken from a silent holder after 15 s of the own monotonic clock, whatever the wall does', async () => {
    const { volume } = aVolume()
    await claim(volume, 1)
    for (const [pid, wall] of [
      [2, 3600],
      [3, -3600],
      [4, 0],
    ] as const) {
      const clock = aTickingClock()
      const waiting = claim(volume, pid, { clock })
      clock.wall = wall
      expect((await waiting).lease.epoch).toBe(pid)
      expect(clock.ms).toBeGreaterThanOrEqual(timing.watchMs)
    }
  })

  it('stays with a holder that shows any sign of life', async () => {
    const { volume } = aVolume()
    const { lease } = await claim(volume, 1)
    const second = claim(volume, 2).then(
      () => undefined,
      (error: DtmsError) => error,
    )
    setTimeout(() => void lease.check(), 20)
    const refusal = await second
    expect(refusal).toMatchObject({ code: 'log.writer_busy' })
    expect(refusal?.message).toContain('process 1 on here')
    expect((await claim(volume, 3, { processes: processes(holder(3), [1]) })).lease.epoch).toBe(2)
  })

  it('is taken when the holder gives it back while it is watched', async () => {
    const { volume } = aVolume()
    const { lease } = await claim(volume, 1)
    const second = claim(volume, 2)
    setTimeout(() => void lease.release(), 20)
    expect((await second).lease.epoch).toBe(2)
  })

  it('is taken as soon as the holder’s process ends while it is watched', async () => {
    const { volume } = aVolume()
    await claim(volume, 1)
    const gone: number[] = []
    const clock = aTickingClock()
    const second = claim(volume, 2, { clock, processes: processes(holder(2), gone) })
    setTimeout(() => gone.push(1), 5)
    expect((await second).lease.epoch).toBe(2)
    expect(clock.ms).toBeLessThan(timing.watchMs)
  })

  it('goes to one of several newcomers', async () => {
    const { volume } = aVolume()
    await claim(volume, 1)
    const claims = await Promise.allSettled(
      [2, 3, 4, 5].map((pid) => claim(volume, pid, { processes: processes(holder(pid), [1]) })),
    )
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it.each([
    { what: 'empty', content: '' },
    { what: 'not JSON', content: 'x' },
    { what: 'of another shape', content: '{"holder":"me"}' },
    { what: 'null', content: 'null' },
  ])('that is $what is watched like that of a stranger', async ({ content }) => {
    const { volume, root } = aVolume()
    await volume.createExclusive('notes/W/lease.json', Buffer.from('x'))
    writeFileSync(join(root, 'notes/W/lease.json'), content)
    const clock = aTickingClock()
    expect((await claim(volume, 2, { clock, processes: processes(holder(2), [1]) })).lease.epoch).toBe(1)
    expect(clock.ms).toBeGreaterThanOrEqual(timing.watchMs)
  })

  it('of a dead process with an older epoch than the folder says nothing about the real holder', async () => {
    const { volume } = aVolume()
    await claim(volume, 1)
    await volume.createExclusive('notes/W/000007-000001.ndjson', Buffer.from(''))
    const clock = aTickingClock()
    expect((await claim(volume, 2, { clock, processes: processes(holder(2), [1]) })).lease.epoch).toBe(8)
    expect(clock.ms).toBeGreaterThanOrEqual(timing.watchMs)
  })
})

describe('a holder', () => {
  async function aHolder() {
    const { volume } = aVolume()
    const lost: DtmsError[] = []
    const clock = { ms: 0, now: () => 0, monotonic: () => clock.ms }
    const claimed = await claim(volume, 1, { clock, onLost: (error) => lost.push(error) })
    return { volume, lease: claimed.lease, clock, lost }
  }

  it.each([
    { age: 10_000, looks: false },
    { age: 10_001, looks: true },
  ])('with a beat $age ms old looks at the lease before it writes: $looks', async ({ age, looks }) => {
    const { volume, lease, clock, lost } = await aHolder()
    await volume.createExclusive('notes/W/000002-000001.ndjson', Buffer.from(''))
    clock.ms = age
    const outcome = lease.ensure()
    if (looks) await expect(outcome).rejects.toMatchObject({ code: 'log.fenced' })
    else await outcome
    expect(lost).toHaveLength(looks ? 1 : 0)
  })

  it('that finds another’s lease of a later epoch stops for good and leaves it alone', async () => {
    const { volume, lease, lost } = await aHolder()
    const other = JSON.stringify({ v: 1, holder: holder(2), epoch: 2, beat: 1 })
    await volume.replace('notes/W/lease.json', Buffer.from(other))
    await expect(lease.check()).rejects.toMatchObject({ code: 'log.fenced' })
    await expect(lease.ensure()).rejects.toMatchObject({ code: 'log.fenced' })
    await lease.release()
    expect(lost).toHaveLength(1)
    expect((await volume.read('notes/W/lease.json', 0, 1000))?.toString()).toBe(other)
  })

  it('that finds no lease stops, because somebody may have come and gone', async () => {
    const { volume, lease } = await aHolder()
    await volume.remove('notes/W/lease.json')
    await expect(lease.check()).rejects.toMatchObject({ code: 'log.fenced' })
  })

  it('puts its lease back when a writer of an older epoch has overwritten it', async () => {
    const { volume } = aVolume()
    await claim(volume, 1)
    const { lease } = await claim(volume, 2, { processes: processes(holder(2), [1]) })
    const old = JSON.stringify({ v: 1, holder: holder(1), epoch: 1, beat: 9 })
    await volume.replace('notes/W/lease.json', Buffer.from(old))
    await lease.check()
    expect((await volume.read('notes/W/lease.json', 0, 1000))?.toString()).toContain('"epoch":2')
  })
})
