import { describe, expect, it } from 'vitest'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { agreeOnWorld } from '../../exporters/world-agreement.ts'
import { siteName } from '../../lib/names.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { createWorldFile } from '../../lib/world/world-file.ts'
import { aFolder, NOON } from '../support/builders.ts'
import { anExporterConfig } from '../support/exporters.ts'

function agree(volume: Volume, changes: Parameters<typeof anExporterConfig>[0] = {}, now = NOON) {
  return agreeOnWorld(volume, loadScenario('default'), anExporterConfig(changes), now)
}

describe('the world of a data directory', () => {
  it('is created by the first with its speed and past, and obeyed by those who come later', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const world = await agree(volume, { speed: 50, backfillHours: 2 })
    expect(world).toMatchObject({
      scenario: 'default',
      seed: 7,
      speed: 50,
      worldStart: NOON - 7200,
      backfillUntil: NOON,
    })
    expect(await agree(volume, { speed: 1, backfillHours: 24 }, NOON + 500)).toEqual(world)
  })

  it('is one world when several create it at once', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const worlds = await Promise.all([1, 2, 3].map((speed) => agree(volume, { speed })))
    expect(new Set(worlds.map((world) => JSON.stringify(world))).size).toBe(1)
  })

  it.each([
    { what: 'another seed', changes: { seed: 8 }, code: 'world.mismatch' },
    { what: 'another scenario under this name', changes: { scenarioSha256: 'ab'.repeat(32) }, code: 'world.mismatch' },
    { what: 'a simulated world that has ended', changes: { speed: 0 }, code: 'world.invalid' },
  ])('is refused when it is $what', async ({ changes, code }) => {
    const other = createInlineVolume({ root: aFolder() })
    const volume = createInlineVolume({ root: aFolder() })
    await createWorldFile(volume, { ...(await agree(other)), ...changes })
    await expect(agree(volume)).rejects.toMatchObject({ code })
  })

  it('is never put beside a log that has none', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await volume.createExclusive('transfers/SITE_A/000001-000001.ndjson', Buffer.from(''))
    await expect(agree(volume)).rejects.toMatchObject({
      code: 'world.invalid',
      hint: expect.stringContaining('DTMS_DATA_DIR'),
    })
    expect(await agree(volume, { site: siteName('SITE_B') })).toMatchObject({ seed: 7 })
  })
})
