import { describe, expect, test } from 'vitest'
import { MAX_SITES, SiteLogs } from '../../../exporters/import/site-logs.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { siteName } from '../../../lib/names.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aClock, aFolder, aTransfer, NOON } from '../../support/builders.ts'
import { recordsOf } from '../../support/imports.ts'

function someLogs() {
  const volume = createInlineVolume({ root: aFolder() })
  return { volume, logs: new SiteLogs({ volume, clock: aClock(), logger: silentLogger }) }
}

describe('the logs of an import', () => {
  test('hold what they get until they are flushed, and write it in time order', async () => {
    const { volume, logs } = someLogs()
    await logs.take(siteName('SITE_A'))
    for (const seconds of [3, 1, 2]) logs.add(aTransfer({ endedAt: NOON + seconds }))
    expect(await recordsOf(volume)).toEqual([])
    await logs.flush()
    expect((await recordsOf(volume)).map(({ seq, endedAt }) => [seq, endedAt - NOON])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    await logs.close()
    await logs.close()
  })

  test('are at most 256', async () => {
    const { logs } = someLogs()
    for (let i = 0; i < MAX_SITES; i += 1) expect(await logs.take(siteName(`S${i}`))).toBe(true)
    expect(await logs.take(siteName('ONE_MORE'))).toBe(false)
    expect(await logs.take(siteName('S0'))).toBe(true)
    await logs.close()
  })
})
