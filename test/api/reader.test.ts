import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aHistory, anAnomaly, aSharedClock, startApi, writeAnomalies, writeTransfers } from '../support/api.ts'
import { aFolder, eventually, NOON } from '../support/builders.ts'

describe('reading the log', () => {
  test('damaged lines are counted by reason and cost nothing else', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    await writeTransfers(volume, aHistory(3))
    const folder = join(root, 'transfers', 'SITE_A')
    // The index names the end of a sealed segment; without it the whole file counts.
    await volume.remove('transfers/SITE_A/index.ndjson')
    const segment = readdirSync(folder).find((name) => name.endsWith('.ndjson')) ?? ''
    appendFileSync(join(folder, segment), 'rubbish\n{"v":1,"seq":7,"crc":"00000000"}\n')
    const { get } = await startApi({ volume })
    expect((await get('/v1/transfers?limit=1000')).text.match(/"id"/g)).toHaveLength(18)
    expect((await get('/metrics')).text).toMatch(
      /^dtms_api_lines_damaged_total\{kind="transfers",reason="foreign"\} 1$/m,
    )
  })

  test('a folder that can not be a site is not read', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    await writeTransfers(volume, aHistory(2))
    await volume.replace('transfers/not-a-site/000001-000001.ndjson', Buffer.from('x\n'))
    const { get } = await startApi({ volume })
    expect((await get('/sites')).json).toEqual({ sites: ['SITE_A', 'SITE_B', 'SITE_C'] })
    expect((await get('/metrics')).text).not.toMatch(/dtms_api_lines_damaged_total\{/)
  })

  test('a site appears with its folder, before its first record', async () => {
    const { volume, get } = await startApi()
    await writeTransfers(volume, aHistory(1))
    await volume.createExclusive('transfers/SITE_D/lease.json', Buffer.from('{}'))
    await eventually(async () => (await get('/sites')).text.includes('SITE_D'))
    await eventually(async () => (await get('/v1/sites')).text.includes('"site":"SITE_D","state":"waiting"'))
  })

  test('a world that is born after the API was started writes its past without telling anybody', async () => {
    const { world: born, ...rest } = aSharedClock()
    const clock = { ...rest, world: undefined as typeof born }
    const api = await startApi({ clock })
    clock.world = born
    await writeTransfers(api.volume, aHistory(30, NOON - 1))
    await eventually(async () => (await api.get('/v1/transfers?limit=1000')).text.match(/"id"/g)?.length === 180)
    expect((await api.get('/metrics')).text).not.toMatch(/^dtms_api_events_total\{kind="transfer"\}/m)
    expect((await api.get('/v1/freshness')).json).toMatchObject({ items: [{ state: 'fresh' }, {}, {}] })
  })

  test('anomalies of the past are counted for their links, whichever stream is read first', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeAnomalies(volume, [anAnomaly()])
    await writeTransfers(volume, aHistory(2))
    const { get } = await startApi({ volume })
    expect((await get('/v1/links?source=SITE_A&destination=SITE_B')).json).toMatchObject({ items: [{ anomalies: 1 }] })
  })
})
