import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSaves, type Saved } from '../../exporters/saves.ts'
import { silentLogger } from '../../lib/logger.ts'
import { siteName } from '../../lib/names.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder } from '../support/builders.ts'
import { SITE_A } from '../support/exporters.ts'

function aSave(transfers: number): Saved {
  return {
    source: 'simulator',
    lastSeqs: { transfers, events: 0, truth: 0 },
    state: {
      positions: new Map([['control', new Map([['api', { segment: '000001-000001.ndjson', offset: 7, seq: 2 }]])]]),
      state: { world: [1, 2.5] },
    },
  }
}

function someSaves(root = aFolder(), site = SITE_A) {
  return { root, saves: openSaves({ volume: createInlineVolume({ root }), site, logger: silentLogger }) }
}

describe('the saved state of an exporter', () => {
  it('is nothing at first, then what was saved last, places in streams and all', async () => {
    const { saves } = someSaves()
    expect(await saves.load()).toBeUndefined()
    await saves.save(aSave(1))
    await saves.save(aSave(2))
    expect(await saves.load()).toEqual(aSave(2))
  })

  it('belongs to one site', async () => {
    const { root, saves } = someSaves()
    await saves.save(aSave(1))
    expect(await someSaves(root, siteName('SITE_B')).saves.load()).toBeUndefined()
  })

  it('falls back to the save before when the newest is damaged, and to none without either', async () => {
    const { root, saves } = someSaves()
    await saves.save(aSave(1))
    await saves.save(aSave(2))
    const folder = join(root, `checkpoints/exporter-${SITE_A}`)
    writeFileSync(join(folder, 'world'), 'half a')
    expect(await saves.load()).toEqual(aSave(1))
    rmSync(join(folder, 'world.previous'))
    expect(await saves.load()).toBeUndefined()
  })
})
