import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { siteName } from '../../lib/names.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { readWorldFile } from '../../lib/world/world-file.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { anExporterProcess, newestEnd, transfersOf, withoutLogFields, worldTransfers } from '../support/exporters.ts'

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']

describe('exporters in processes of their own', () => {
  it('share one world, whoever comes first: together they write it all, each its own site', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const env = { DTMS_SPEED: '60', DTMS_BACKFILL_HOURS: '1' }
    const exporters = SITES.map((site) => anExporterProcess(root, { ...env, SITE_NAME: site }))
    const created = await eventually(async () => (await readWorldFile(volume))?.backfillUntil)
    for (const site of SITES) await eventually(async () => (await newestEnd(volume, siteName(site))) > created + 200)
    for (const exporter of exporters) exporter.kill('SIGTERM')
    expect(await Promise.all(exporters.map((exporter) => exporter.ended))).toEqual([0, 0, 0])
    for (const site of SITES.map(siteName)) {
      const records = await transfersOf(volume, site)
      const expected = await worldTransfers(volume, await newestEnd(volume, site), [], site)
      expect(records.map(withoutLogFields)).toEqual(expected.map(({ transfer }) => transfer))
    }
  })

  it('refuse another seed with the directory to use instead, and exit 1', async () => {
    const root = aFolder()
    const first = anExporterProcess(root)
    await eventually(() => createInlineVolume({ root }).size('world.json'))
    const other = anExporterProcess(root, { SITE_NAME: 'SITE_B', DTMS_SEED: '8' })
    expect(await other.ended).toBe(1)
    expect(other.output()).toContain(`DTMS_DATA_DIR=${root}-default-8`)
    first.kill('SIGTERM')
    expect(await first.ended).toBe(0)
  })

  it('leave the living one in peace: a second for the same site exits 1 and names the holder', async () => {
    const root = aFolder()
    const first = anExporterProcess(root, { LOG_LEVEL: 'info' })
    await eventually(() => first.output().includes('the past is written'))
    const second = anExporterProcess(root)
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(`is being written by process ${first.pid}`)
    first.kill('SIGTERM')
    expect(await first.ended).toBe(0)
  })

  it('say every wrong setting at once, and exit 2', async () => {
    const exporter = anExporterProcess(aFolder(), { SITE_NAME: 'site-a', DTMS_SPEED: '0', DTMS_SOURCE: 'ftp' })
    expect(await exporter.ended).toBe(2)
    for (const name of ['SITE_NAME', 'DTMS_SPEED', 'DTMS_SOURCE']) expect(exporter.output()).toContain(name)
  })

  it('list every problem of a scenario with line and column, and exit 2', async () => {
    const scenario = join(aFolder(), 'wrong.yaml')
    writeFileSync(scenario, 'name: default\nsites: [north, SOUTH]\nmood: calm\n')
    const exporter = anExporterProcess(aFolder(), { DTMS_SCENARIO: scenario })
    expect(await exporter.ended).toBe(2)
    for (const place of ['wrong.yaml:2:', 'wrong.yaml:3:']) expect(exporter.output()).toContain(place)
  })

  it('say what to do when the data directory cannot be written', async () => {
    const file = join(aFolder(), 'file')
    writeFileSync(file, '')
    const exporter = anExporterProcess(join(file, 'data'))
    expect(await exporter.ended).toBe(1)
    expect(exporter.output()).toContain('ENOTDIR')
    expect(exporter.output()).toContain('data directory')
  })
})
