import { describe, expect, it, onTestFinished } from 'vitest'
import { openSiteLog, type SiteLogOptions } from '../../exporters/site-log.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder, aTransfer, NOON } from '../support/builders.ts'
import { SITE_A, transfersOf } from '../support/exporters.ts'

async function aSiteLog(changes: Partial<SiteLogOptions> = {}) {
  const volume = changes.volume ?? createInlineVolume({ root: aFolder() })
  const log = await openSiteLog({ volume, site: SITE_A, clock: systemClock, logger: silentLogger, ...changes })
  onTestFinished(() => log.close())
  return { volume, log }
}

const pause = { type: 'paused' as const, at: NOON, from: NOON - 1000, to: NOON }

describe('the folders of a site', () => {
  it('get each its own entries, and one wait for all', async () => {
    const waits: number[] = []
    const { volume, log } = await aSiteLog({ onWritten: (seconds) => waits.push(seconds) })
    await log.write({ transfers: [aTransfer(), aTransfer()], events: [pause], truth: [] })
    expect(log.lastSeqs()).toEqual({ transfers: 2, events: 1, truth: 0 })
    expect((await transfersOf(volume)).map(({ id }) => id)).toEqual(['SITE_A-1', 'SITE_A-2'])
    expect(log.stats()).toMatchObject({ lines: 3, writeErrors: 0 })
    expect(waits).toHaveLength(1)
  })

  it('take nothing from an empty batch', async () => {
    const waits: number[] = []
    const { log } = await aSiteLog({ onWritten: (seconds) => waits.push(seconds) })
    await log.write({ transfers: [], events: [], truth: [] })
    expect([log.pending, waits]).toEqual([0, []])
  })

  it('are released when closed, and go on at the next seq', async () => {
    const { volume, log } = await aSiteLog()
    await log.write({ transfers: [aTransfer()], events: [], truth: [] })
    await log.close()
    await log.close()
    const { log: next } = await aSiteLog({ volume })
    expect(next.lastSeqs()).toEqual({ transfers: 1, events: 0, truth: 0 })
  })
})
