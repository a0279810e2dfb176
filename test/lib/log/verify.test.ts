import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyStream } from '../../../lib/log/verify.ts'
import { aNote, aNoteLine, aVolume, aWriter, noteCodec } from '../../support/log.ts'

const FIRST = 'notes/W/000001-000001.ndjson'
const good = {
  site: 'W',
  records: 3,
  firstSeq: 1,
  lastSeq: 3,
  missing: 0,
  repeated: 0,
  torn: 0,
  damaged: [],
  damagedTotal: 0,
}

/** A closed log of three notes, changed by `change`, and what is then found. */
async function found(change: (path: string, root: string) => void) {
  const { volume, root } = aVolume()
  const writer = await aWriter(volume)
  await writer.appendAll([aNote(1), aNote(2), aNote(3)])
  await writer.close()
  change(join(root, FIRST), root)
  const { ok, sites } = await verifyStream({ volume, stream: 'notes', codec: noteCodec })
  return { ok, ...sites[0] }
}

/** The index does not bind: what comes later would be beyond the end that it knows. */
const unsealed = (root: string) => writeFileSync(join(root, 'notes/W/index.ndjson'), '')

const one = aNoteLine(1).length

describe('verifying a stream', () => {
  it('finds nothing in a good log, and nothing in none', async () => {
    expect(await found(() => {})).toEqual({ ok: true, ...good })
    const { volume } = aVolume()
    expect(await verifyStream({ volume, stream: 'notes', codec: noteCodec })).toEqual({ ok: true, sites: [] })
  })

  it('says of an empty log that it is empty', async () => {
    const { volume } = aVolume()
    await volume.createExclusive(FIRST, Buffer.from(''))
    const { ok, sites } = await verifyStream({ volume, stream: 'notes', codec: noteCodec })
    expect({ ok, ...sites[0] }).toEqual({ ok: true, ...good, records: 0, firstSeq: undefined, lastSeq: undefined })
  })

  it('takes a torn unacknowledged tail for no finding', async () => {
    const torn = await found((path, root) => {
      unsealed(root)
      appendFileSync(path, aNoteLine(4).slice(0, 20))
    })
    expect(torn).toEqual({ ok: true, ...good, torn: 1 })
  })

  it('takes a repeat for no finding, but not one that says something else', async () => {
    const repeated = await found((path, root) => {
      unsealed(root)
      appendFileSync(path, aNoteLine(2) + aNoteLine(3))
    })
    expect(repeated).toEqual({ ok: true, ...good, repeated: 2 })
    const other = await found((path, root) => {
      unsealed(root)
      appendFileSync(path, aNoteLine(2, 'other'))
    })
    expect(other).toMatchObject({ ok: false, repeated: 1, damaged: [{ reason: 'foreign', offset: 3 * one }] })
  })

  it('does not look behind the end of a sealed segment', async () => {
    expect(await found((path) => appendFileSync(path, aNoteLine(2, 'other')))).toEqual({ ok: true, ...good })
  })

  it('counts what is missing in the middle', async () => {
    const gap = await found((path, root) => {
      unsealed(root)
      appendFileSync(path, aNoteLine(7))
    })
    expect(gap).toMatchObject({ ok: false, records: 4, lastSeq: 7, missing: 3 })
  })

  it('counts what is missing at the beginning of a log that is there from its beginning', async () => {
    expect(await found((path) => writeFileSync(path, aNoteLine(2) + aNoteLine(3)))).toMatchObject({ missing: 1 })
  })

  it('knows from the index what a cut segment has lost', async () => {
    expect(await found((path) => truncateSync(path, one))).toMatchObject({
      ok: false,
      records: 1,
      missing: 2,
      damaged: [{ segment: '000001-000001.ndjson', offset: one, reason: 'torn' }],
    })
  })

  it('names the place of a damaged line, which is missing too', async () => {
    const damaged = await found((path) => {
      writeFileSync(path, readFileSync(path, 'utf8').replace('note 2', 'note X'))
    })
    expect(damaged).toMatchObject({
      ok: false,
      records: 2,
      missing: 1,
      damaged: [{ segment: '000001-000001.ndjson', offset: one, reason: 'crc' }],
    })
  })

  it('lists a thousand places and counts all', async () => {
    const many = await found((path, root) => {
      unsealed(root)
      appendFileSync(path, 'x\n'.repeat(1500))
    })
    expect(many.damaged).toHaveLength(1000)
    expect(many.damagedTotal).toBe(1500)
  })

  it('tells how far it is', async () => {
    const { volume } = aVolume()
    const writer = await aWriter(volume)
    await writer.append(aNote(1))
    const steps: number[] = []
    await verifyStream({ volume, stream: 'notes', writers: ['W'], codec: noteCodec, onProgress: (n) => steps.push(n) })
    expect(steps).toEqual([one])
  })
})
