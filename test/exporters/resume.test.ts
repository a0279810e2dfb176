import { describe, expect, it, onTestFinished } from 'vitest'
import { findResume } from '../../exporters/resume.ts'
import type { Saved } from '../../exporters/saves.ts'
import { openSiteLog } from '../../exporters/site-log.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder, aTransfer, NOON } from '../support/builders.ts'
import { SITE_A } from '../support/exporters.ts'

const pause = { type: 'paused' as const, at: NOON, from: NOON - 1000, to: NOON }
const window = {
  type: 'maintenance' as const,
  at: NOON,
  scope: { site: SITE_A },
  startsAt: NOON + 60,
  endsAt: NOON + 90,
}

/** A log of three transfers and the events window, pause, window. */
async function aResume(saved: Saved | undefined, kind = 'simulator') {
  const volume = createInlineVolume({ root: aFolder() })
  const log = await openSiteLog({ volume, site: SITE_A, clock: systemClock, logger: silentLogger })
  onTestFinished(() => log.close())
  const transfers = [aTransfer(), aTransfer(), aTransfer()]
  await log.write({ transfers, events: [window, pause, window], truth: [] })
  return findResume({ volume, site: SITE_A, logger: silentLogger, kind, saved, lastSeqs: log.lastSeqs() })
}

function aSave(transfers: number, events: number, source = 'simulator'): Saved {
  return { source, lastSeqs: { transfers, events, truth: 0 }, state: { positions: new Map(), state: 'the world' } }
}

describe('going on from a save', () => {
  it.each([
    { transfers: 3, events: 3, written: { transfers: 0, events: 0, truth: 0 } },
    { transfers: 1, events: 2, written: { transfers: 2, events: 1, truth: 0 } },
    { transfers: 0, events: 0, written: { transfers: 3, events: 2, truth: 0 } },
  ])(
    'made at transfer $transfers and event $events counts what came after, pauses aside',
    async ({ written, ...at }) => {
      const resume = await aResume(aSave(at.transfers, at.events))
      expect(resume.written).toEqual(written)
      expect(resume.state?.state).toBe('the world')
      expect(resume.pauses).toEqual([{ from: NOON - 1000, to: NOON }])
    },
  )

  it('that is ahead of the log, which lost lines, begins anew behind what is there', async () => {
    const resume = await aResume(aSave(4, 3))
    expect(resume).toMatchObject({ state: undefined, written: { transfers: 3, events: 2, truth: 0 } })
  })

  it('that is not there counts everything', async () => {
    expect(await aResume(undefined)).toMatchObject({ state: undefined, written: { transfers: 3, events: 2 } })
  })

  it('of another source is refused with the source to go on with', async () => {
    await expect(aResume(aSave(3, 3, 'csv'))).rejects.toMatchObject({
      code: 'world.mismatch',
      hint: expect.stringContaining('DTMS_SOURCE=csv'),
    })
  })
})
