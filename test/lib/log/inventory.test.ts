import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inventory, streamEnd, writersOf } from '../../../lib/log/inventory.ts'
import { NOON } from '../../support/builders.ts'
import { aNote, aNoteLine, aVolume, aWriter, noteCodec } from '../../support/log.ts'

describe('the inventory of a writer', () => {
  it('is the same from the index and from the segments', async () => {
    const { volume, root } = aVolume()
    for (const n of [5, 1, 9]) {
      const writer = await aWriter(volume)
      await writer.append(aNote(n))
      await writer.close()
    }
    const sealed = await inventory(volume, 'notes', 'W', noteCodec)
    const bytes = 3 * aNoteLine(1).length
    const facts = { records: 3, bytes, firstSeq: 1, lastSeq: 3, minAt: NOON + 1, maxAt: NOON + 9 }
    expect(sealed).toMatchObject({ writer: 'W', ...facts })
    expect(sealed.segments.map((segment) => segment.sealed)).toEqual([true, true, true])
    rmSync(join(root, 'notes/W/index.ndjson'))
    const scanned = await inventory(volume, 'notes', 'W', noteCodec)
    expect(scanned.segments).toEqual(sealed.segments.map((segment) => ({ ...segment, sealed: false })))
  })

  it('counts what is being written at this moment', async () => {
    const { volume, root } = aVolume()
    const writer = await aWriter(volume)
    await writer.append(aNote(1))
    appendFileSync(join(root, 'notes/W/000001-000001.ndjson'), '{"half')
    expect(await inventory(volume, 'notes', 'W', noteCodec)).toMatchObject({ records: 1, lastSeq: 1, maxAt: NOON + 1 })
  })

  it('of nothing has no numbers', async () => {
    const { volume } = aVolume()
    const empty = { segments: [], bytes: 0, records: 0, firstSeq: undefined, maxAt: undefined }
    expect(await inventory(volume, 'notes', 'W', noteCodec)).toMatchObject(empty)
  })
})

it('a stream ends at its newest record, whoever wrote it', async () => {
  const { volume } = aVolume()
  expect(await streamEnd(volume, 'notes', noteCodec)).toBeUndefined()
  expect(await writersOf(volume, 'notes')).toEqual([])
  await (await aWriter(volume)).append(aNote(3))
  await (await aWriter(volume, { writer: 'A' })).append(aNote(8))
  await (await aWriter(volume, { writer: 'Z' })).append(aNote(2))
  expect(await streamEnd(volume, 'notes', noteCodec)).toBe(NOON + 8)
  expect(await writersOf(volume, 'notes')).toEqual(['A', 'W', 'Z'])
})
