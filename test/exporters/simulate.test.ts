import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseFaultFlag } from '../../exporters/fault-flag.ts'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { DEFAULT_START, type SimulateOptions, simulate, simulateFit } from '../../exporters/simulate.ts'
import { siteName } from '../../lib/names.ts'
import { truthCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder } from '../support/builders.ts'
import { readAll, SITE_A, transfersOf } from '../support/exporters.ts'

const HOURS = 3600

/** Every file below a folder with its bytes. */
function tree(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(root, name)).isFile())
  return new Map(files.map((name) => [name, readFileSync(join(root, name), 'latin1')]))
}

async function simulated(changes: Partial<SimulateOptions> = {}, root = aFolder()): Promise<string> {
  await simulate({
    scenario: loadScenario('default'),
    seed: 7,
    start: DEFAULT_START,
    durationSeconds: 6 * HOURS,
    volume: createInlineVolume({ root }),
    outDir: root,
    ...changes,
  })
  return root
}

describe('a simulation', () => {
  it('gives identical trees for identical arguments', async () => {
    const first = tree(await simulated())
    expect(tree(await simulated())).toEqual(first)
    expect([...first.keys()].filter((name) => name.includes('lease') || name.startsWith('checkpoints'))).toEqual([])
    expect([...first.keys()]).toContain('transfers/SITE_C/index.ndjson')
  })

  it('gives another tree for another seed', async () => {
    expect(tree(await simulated({ seed: 8 }))).not.toEqual(tree(await simulated()))
  })

  it('gives the same tree in one process as in one for each site', async () => {
    const root = aFolder()
    for (const site of ['SITE_C', 'SITE_A', 'SITE_B']) await simulated({ site: siteName(site) }, root)
    expect(tree(root)).toEqual(tree(await simulated()))
  })

  it('reports what it wrote, and progress up to the end', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const progress: number[] = []
    const report = await simulate({
      scenario: loadScenario('default'),
      seed: 7,
      start: DEFAULT_START,
      durationSeconds: 2.5 * HOURS,
      volume,
      outDir: root,
      onProgress: (done) => progress.push(done),
    })
    let records = 0
    for (const site of report.sites) records += (await transfersOf(volume, site)).length
    expect(report).toEqual({
      sites: ['SITE_A', 'SITE_B', 'SITE_C'],
      records,
      from: DEFAULT_START,
      to: DEFAULT_START + 2.5 * HOURS,
    })
    expect(progress).toEqual([0.4, 0.8, 1])
  })

  it('carries out the faults it is given, in truth with a witness', async () => {
    const fault = parseFaultFlag('link-brownout:SITE_A>SITE_B:0.8:2h:20m', 1, DEFAULT_START)
    const root = await simulated({ faults: [fault] })
    const { entries } = await readAll(createInlineVolume({ root }), 'truth', SITE_A, truthCodec)
    expect(entries.map(({ value }) => [value.type, value.fault, value.witness?.tookEffect])).toEqual([
      ['fault-started', 'f-1', undefined],
      ['fault-ended', 'f-1', undefined],
      ['fault-witness', 'f-1', true],
    ])
    expect(tree(root).get('transfers/SITE_A/index.ndjson')).not.toBe(
      tree(await simulated()).get('transfers/SITE_A/index.ndjson'),
    )
  })

  it('refuses a folder that holds another world, or these transfers already', async () => {
    const root = await simulated({ site: SITE_A })
    await expect(simulated({ seed: 8 }, root)).rejects.toMatchObject({ code: 'world.mismatch' })
    await expect(simulated({}, root)).rejects.toMatchObject({ code: 'usage.invalid' })
  })

  it('refuses a site that the scenario does not have', async () => {
    await expect(simulated({ site: siteName('SITE_X') })).rejects.toMatchObject({
      code: 'config.invalid',
      hint: expect.stringContaining('SITE_A, SITE_B, SITE_C'),
    })
  })
})

describe('the fit of a simulated world', () => {
  it('names figure, target and error for every measurement, and needs no folder', () => {
    const rows = simulateFit({
      scenario: loadScenario('default'),
      seed: 7,
      start: DEFAULT_START,
      durationSeconds: 24 * HOURS,
    })
    expect(rows.length).toBeGreaterThan(10)
    for (const row of rows) expect(Number.isFinite(row.errorPercent), row.name).toBe(true)
  })
})
