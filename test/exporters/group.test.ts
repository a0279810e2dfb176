import { describe, expect, it, onTestFinished } from 'vitest'
import { createExporters } from '../../exporters/group.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { aClock, aFolder, NOON } from '../support/builders.ts'
import { anExporterConfig, caughtUp, transfersOf, withoutLogFields, worldTransfers } from '../support/exporters.ts'

function aGroup(changes: Parameters<typeof anExporterConfig>[0] = {}) {
  const volume = createInlineVolume({ root: aFolder() })
  const clock = createSharedClock(volume, 'auto', { wall: aClock() })
  const group = createExporters({ config: anExporterConfig(changes), clock, logger: silentLogger, volume })
  onTestFinished(() => group.stop())
  return { volume, group }
}

describe('the exporters of all sites in one process', () => {
  it('write the same world as exporters of their own', async () => {
    const { volume, group } = aGroup()
    expect(group.checks().writer).toEqual({ ok: false, detail: 'starting' })
    await group.start()
    await caughtUp(group)
    for (const site of ['SITE_A', 'SITE_B', 'SITE_C'].map(siteName)) {
      const expected = await worldTransfers(volume, NOON, [], site)
      expect((await transfersOf(volume, site)).map(withoutLogFields)).toEqual(expected.map(({ transfer }) => transfer))
    }
    const text = await group.registry.metrics()
    for (const site of ['SITE_A', 'SITE_B', 'SITE_C'])
      expect(text).toContain(`dtms_backfill_progress_ratio{site="${site}"} 1`)
  })

  it('are none without a source', async () => {
    const { volume, group } = aGroup({ source: 'none' })
    await group.start()
    expect(group.checks()).toEqual({})
    expect(await volume.list('transfers')).toBeUndefined()
  })

  it('have to be asked for one by one when the source is a foreign file', async () => {
    await expect(aGroup({ source: 'csv' }).group.start()).rejects.toMatchObject({
      code: 'config.invalid',
      hint: expect.stringContaining('SITE_NAME'),
    })
  })

  it('fail to start together, and leave no folder held', async () => {
    const { volume, group } = aGroup({ scenario: 'nowhere' })
    await expect(group.start()).rejects.toMatchObject({ code: 'scenario.invalid' })
    await group.stop()
    expect(await volume.list('transfers')).toBeUndefined()
  })
})
