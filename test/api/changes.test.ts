import { describe, expect, test } from 'vitest'
import { Changes } from '../../api/changes.ts'
import { ApiState } from '../../api/state.ts'
import { controlCodec, eventsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aSharedClock, aWriter, type TestClock } from '../support/api.ts'
import { aFolder, NOON } from '../support/builders.ts'

async function someChanges(clock: TestClock = aSharedClock()) {
  const state = new ApiState({ memoryRecords: 100, liveFrom: () => 0, publish: () => {} })
  const changes = new Changes(clock, state)
  const volume = createInlineVolume({ root: aFolder() })
  const control = await aWriter(volume, 'control', 'api', controlCodec)
  const events = await aWriter(volume, 'events', 'api', eventsCodec)
  return { state, changes, clock, writers: { control, events } }
}
const wish = {
  kind: 'none',
  scope: { platform: true as const },
  severity: 0.8,
  durationSeconds: 60,
  startsInSeconds: 0,
  hidden: false,
}

describe('changes', () => {
  test('are refused with 503 before the log is open and after it was closed', async () => {
    const { changes, writers } = await someChanges()
    expect(changes.open).toBe(false)
    await expect(changes.startFault(wish)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '5' } })
    changes.use(writers)
    await expect(changes.startFault(wish)).resolves.toMatchObject({ id: 'f-1' })
    changes.use(undefined)
    await expect(changes.setSpeed(2)).rejects.toMatchObject({ status: 503 })
  })

  test('are known at once, before the line is read back', async () => {
    const { changes, writers, state, clock } = await someChanges()
    changes.use(writers)
    const fault = await changes.startFault(wish)
    expect(state.faults.list(clock.now(), false)).toEqual([fault])
    expect(await changes.cancelFault(fault)).toMatchObject({ state: 'cancelled' })
    expect(writers.control.nextSeq).toBe(3)
  })

  test('of one that is cancelled already write nothing', async () => {
    const { changes, writers } = await someChanges()
    changes.use(writers)
    const cancelled = await changes.cancelFault(await changes.startFault(wish))
    await changes.cancelFault(cancelled)
    expect(writers.control.nextSeq).toBe(3)
  })

  test.each([
    [1, 'none', NOON + 5],
    [100, 'none', NOON + 500],
    [1, 'maintenance', NOON + 60],
    [100, 'maintenance', NOON + 500],
  ])('at speed %d a fault of kind %s begins at %d', async (speed, kind, plannedStartAt) => {
    const { changes, writers } = await someChanges(aSharedClock({ speed }))
    changes.use(writers)
    expect(await changes.startFault({ ...wish, kind })).toMatchObject({ plannedStartAt })
  })

  test('of instants keep to milliseconds, as the log does', async () => {
    const clock = aSharedClock()
    clock.advance(0.123_456)
    const { changes, writers } = await someChanges(clock)
    changes.use(writers)
    expect(await changes.startFault(wish)).toMatchObject({ plannedStartAt: NOON + 5.123 })
  })
})
