import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { DEFAULT_START, simulate } from '../../exporters/simulate.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aClock, aFolder, eventually, NOON } from '../support/builders.ts'
import { aRunningExporter, caughtUp, transfersOf } from '../support/exporters.ts'

// When the world or the record format changes on purpose: npx vitest run test/golden -u, and say so in the changelog.

const SITES = ['SITE_A', 'SITE_B', 'SITE_C']

/** Segment names and digests of a stream, and its first and last line. */
async function digest(volume: Volume, folder: string): Promise<string[]> {
  const names = (await volume.list(folder)) ?? []
  const lines: string[] = []
  for (const name of names.filter((file) => file.endsWith('.ndjson'))) {
    const bytes = (await volume.read(`${folder}/${name}`, 0, 1e9)) ?? Buffer.alloc(0)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    lines.push(`${folder}/${name} ${bytes.length} bytes sha256 ${sha256}`)
    const text = bytes.toString('utf8').trimEnd().split('\n')
    if (name.startsWith('0')) lines.push(...[text[0] ?? '', text.at(-1) ?? ''].map((line) => `  ${line}`))
  }
  return lines
}

describe('seed 7 of the default scenario', () => {
  it('gives these logs', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const day = { seed: 7, start: DEFAULT_START, durationSeconds: 6 * 3600 }
    await simulate({ scenario: loadScenario('default'), ...day, volume, outDir: root })
    const lines = await Promise.all(SITES.map((site) => digest(volume, `transfers/${site}`)))
    await expect(`${lines.flat().join('\n')}\n`).toMatchFileSnapshot('transfers.txt')
  })

  it('gives these metrics of an exporter', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const exporter = await aRunningExporter(volume, aClock(NOON))
    await caughtUp(exporter)
    const count = `dtms_transfer_duration_seconds_count{site="SITE_A"} ${(await transfersOf(volume)).length}\n`
    const text = await eventually(async () => {
      const now = await exporter.registry.metrics()
      return now.includes(count) ? now : undefined
    })
    // How long the disk took is no matter of the seed.
    const stable = text.split('\n').filter((line) => !line.startsWith('dtms_log_write_seconds'))
    await expect(stable.join('\n')).toMatchFileSnapshot('exporter-metrics.txt')
  })
})
