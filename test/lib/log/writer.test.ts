import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemCalls, type VolumeCalls } from '../../../lib/volume/calls.ts'
import { systemError } from '../../support/faulty-calls.ts'
import {
  aNote,
  aNoteLine,
  aTailer,
  aVolume,
  aWriter,
  fileText,
  noteCodec,
  readAll,
  segmentFiles,
  textsOf,
} from '../../support/log.ts'

describe('a log writer', () => {
  it('numbers entries from 1 and answers with the seq once they are durable', async () => {
    const { volume, root } = aVolume()
    const writer = await aWriter(volume)
    expect(writer.nextSeq).toBe(1)
    expect(await writer.append(aNote(1))).toBe(1)
    expect(await writer.appendAll([aNote(2), aNote(3)])).toBe(3)
    expect(fileText(root, 'notes/W/000001-000001.ndjson')).toBe(aNoteLine(1) + aNoteLine(2) + aNoteLine(3))
    expect(await writer.appendAll([])).toBe(3)
    expect(writer.pending).toBe(0)
  })

  it('leaves data and index and nothing else when it is closed', async () => {
    const { volume, root } = aVolume()
    const writer = await aWriter(volume)
    await writer.append(aNote(1))
    expect(readdirSync(join(root, 'notes/W'))).toEqual(['000001-000001.ndjson', 'lease.json'])
    await writer.close()
    expect(readdirSync(join(root, 'notes/W'))).toEqual(['000001-000001.ndjson', 'index.ndjson'])
    expect(fileText(root, 'notes/W/index.ndjson')).toContain('"lines":1,')
  })

  it('leaves nothing at all when nothing was written', async () => {
    const { volume, root } = aVolume()
    await (await aWriter(volume)).close()
    expect(readdirSync(join(root, 'notes/W'))).toEqual([])
  })

  it('goes on behind the last seq, in a new epoch', async () => {
    const { volume, root } = aVolume()
    const first = await aWriter(volume)
    await first.append(aNote(1))
    await first.close()
    const second = await aWriter(volume)
    expect({ epoch: second.epoch, nextSeq: second.nextSeq }).toEqual({ epoch: 2, nextSeq: 2 })
    await second.append(aNote(2))
    await second.close()
    expect(segmentFiles(root)).toEqual(['000001-000001.ndjson', '000002-000001.ndjson'])
    expect(textsOf(await readAll(aTailer(volume)))).toEqual(['note 1', 'note 2'])
  })

  it('refuses entries after it was closed', async () => {
    const { volume } = aVolume()
    const writer = await aWriter(volume)
    await writer.close()
    await expect(writer.append(aNote(1))).rejects.toMatchObject({ code: 'log.closed' })
  })

  it('writes what is queued before it closes', async () => {
    const { volume } = aVolume()
    const writer = await aWriter(volume)
    const waits = [1, 2, 3].map((n) => writer.append(aNote(n)))
    await writer.close()
    expect(await Promise.all(waits)).toEqual([1, 2, 3])
  })

  it('writes nothing behind what it had to give up in closing, so that no seq is missing', async () => {
    let failures = 1
    const write: VolumeCalls['write'] = (fd, bytes) => {
      const isLine = Buffer.from(bytes).includes('note')
      if (isLine && failures > 0) {
        failures -= 1
        throw systemError('EIO')
      }
      return systemCalls.write(fd, bytes)
    }
    const { volume, root } = aVolume({ ...systemCalls, write })
    const retry = { firstPauseMs: 0, lastPauseMs: 0, closePatienceMs: 0 }
    // Each entry is a batch of its own: a new segment begins with it.
    const writer = await aWriter(volume, { retry, roll: { bytes: 1, seconds: 0, leastBytes: 0 } })
    const waits = Promise.allSettled([1, 2, 3].map((n) => writer.append(aNote(n))))
    await writer.close()
    expect((await waits).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(readdirSync(join(root, 'notes/W'))).toEqual([])
    expect((await aWriter(volume)).nextSeq).toBe(1)
  })

  it('gives no number to an entry that cannot be written', async () => {
    const { volume } = aVolume()
    const codec = {
      ...noteCodec,
      serialise: (note: { text: string; at: number }, seq: number) => {
        if (note.text === 'bad') throw new Error('bad')
        return noteCodec.serialise(note, seq)
      },
    }
    const writer = await aWriter(volume, { codec })
    await expect(writer.appendAll([aNote(1), { text: 'bad', at: 0 }])).rejects.toThrow('bad')
    expect(await writer.append(aNote(1))).toBe(1)
  })
})
