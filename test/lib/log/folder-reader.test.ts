import { describe, expect, it } from 'vitest'
import { FolderReader } from '../../../lib/log/folder-reader.ts'
import type { Position, TailBatch } from '../../../lib/log/log.ts'
import { type Logger, silentLogger } from '../../../lib/logger.ts'
import { aNote, aNoteLine, aVolume, aWriter, type Note, noteCodec } from '../../support/log.ts'

const emptyBatch = (): TailBatch<Note> => ({ entries: [], gaps: [], damaged: [], repeated: 0, caughtUp: true })

function aReader(volume: ReturnType<typeof aVolume>['volume'], position?: Position, logger: Logger = silentLogger) {
  return new FolderReader({ volume, stream: 'notes', writer: 'W', codec: noteCodec, position, logger })
}

describe('the reader of one folder', () => {
  it('has no position before there is a segment', async () => {
    const { volume } = aVolume()
    const reader = aReader(volume)
    expect(await reader.read(1000, emptyBatch())).toBe(true)
    expect(reader.position()).toBeUndefined()
  })

  it('saves the beginning of an incomplete line as its place', async () => {
    const { volume } = aVolume()
    await volume.createExclusive('notes/W/000001-000001.ndjson', Buffer.from(`${aNoteLine(1)}{"half`))
    const reader = aReader(volume)
    await reader.read(1000, emptyBatch())
    expect(reader.position()).toEqual({ segment: '000001-000001.ndjson', offset: aNoteLine(1).length, seq: 1 })
    expect(reader.lagBytes()).toBe(6)
  })

  it('knows how far it is behind, through all sealed segments', async () => {
    const { volume } = aVolume()
    const roll = { bytes: 200_000, seconds: 1e9, leastBytes: 0 }
    const writer = await aWriter(volume, { roll })
    await writer.appendAll(Array.from({ length: 15_000 }, (_, i) => aNote(i)))
    await writer.close()
    const reader = aReader(volume)
    await reader.read(1, emptyBatch())
    const behind = reader.lagBytes()
    expect(behind).toBeGreaterThan(500_000)
    await reader.read(300_000, emptyBatch())
    expect(reader.lagBytes()).toBeLessThan(behind)
    while (!(await reader.read(1e6, emptyBatch())));
    expect(reader.lagBytes()).toBe(0)
  })

  it('says once when its segment is gone and nothing follows', async () => {
    const { volume } = aVolume()
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
    const reader = aReader(volume, { segment: '000009-000001.ndjson', offset: 10, seq: 4 }, logger)
    await reader.read(1000, emptyBatch())
    await reader.read(1000, emptyBatch())
    expect(warnings).toEqual(['the segment to be read is gone and no later one is there'])
  })
})
