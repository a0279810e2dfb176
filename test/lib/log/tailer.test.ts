import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DamageReason, Positions } from '../../../lib/log/log.ts'
import { closeLine } from '../../../lib/record/crc.ts'
import { MAX_LINE_BYTES } from '../../../lib/record/record.ts'
import { NOON } from '../../support/builders.ts'
import {
  aNote,
  aNoteLine,
  aTailer,
  aVolume,
  aWriter,
  noteCodec,
  readAll,
  segmentFiles,
  textsOf,
} from '../../support/log.ts'

const FIRST = 'notes/W/000001-000001.ndjson'
const SECOND = 'notes/W/000001-000002.ndjson'
const NEXT_EPOCH = 'notes/W/000002-000001.ndjson'

/** A volume whose folder `notes/W` holds these files. */
function aLog(files: Record<string, string | Buffer>) {
  const made = aVolume()
  mkdirSync(join(made.root, 'notes/W'), { recursive: true })
  for (const [path, content] of Object.entries(files)) writeFileSync(join(made.root, path), content)
  return made
}

const notes = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => aNoteLine(from + i)).join('')

const seqsOf = (batch: { entries: { seq: number }[] }) => batch.entries.map(({ seq }) => seq)

describe('a tailer', () => {
  it('finds nothing where there is no stream, and what is written later', async () => {
    const { volume } = aVolume()
    const tailer = aTailer(volume)
    expect(await tailer.poll()).toMatchObject({ entries: [], caughtUp: true })
    const writer = await aWriter(volume)
    await writer.appendAll([aNote(1), aNote(2)])
    expect(textsOf(await readAll(tailer))).toEqual(['note 1', 'note 2'])
    await writer.append(aNote(3))
    expect(textsOf(await readAll(tailer))).toEqual(['note 3'])
    expect(await tailer.poll()).toMatchObject({ entries: [], caughtUp: true })
  })

  it('orders a batch by record time, then writer, then seq', async () => {
    const { volume } = aLog({ [FIRST]: aNoteLine(1, 'w1', NOON + 5) + aNoteLine(2, 'w2', NOON + 5) })
    await volume.createExclusive(
      'notes/A/000001-000001.ndjson',
      Buffer.from(aNoteLine(1, 'a1', NOON + 9) + aNoteLine(2, 'a2', NOON + 5) + aNoteLine(3, 'a3', NOON + 1)),
    )
    expect(textsOf(await readAll(aTailer(volume)))).toEqual(['a3', 'a2', 'w1', 'w2', 'a1'])
  })

  it('reads only the writers it was told, and no folder that cannot be a writer’s', async () => {
    const { volume } = aLog({ [FIRST]: notes(1, 1) })
    await volume.createExclusive('notes/A/000001-000001.ndjson', Buffer.from(aNoteLine(1, 'a')))
    await volume.createExclusive('notes/not a writer/000001-000001.ndjson', Buffer.from(aNoteLine(1, 'x')))
    expect(textsOf(await readAll(aTailer(volume, { writers: ['A'] })))).toEqual(['a'])
    expect(textsOf(await readAll(aTailer(volume, { isWriter: (name) => name === 'W' })))).toEqual(['note 1'])
    expect(await readAll(aTailer(volume))).toMatchObject({ entries: { length: 2 } })
  })

  it('reads about as much as it was told, and goes on from there', async () => {
    const { volume } = aLog({ [FIRST]: notes(1, 20_000) })
    const tailer = aTailer(volume)
    const first = await tailer.poll(1)
    expect(first.caughtUp).toBe(false)
    expect(first.entries.length).toBeLessThan(10_000)
    expect(tailer.lagBytes()).toBeGreaterThan(0)
    const rest = await readAll(tailer, 1)
    expect(seqsOf(first).concat(seqsOf(rest))).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1))
    expect(tailer.lagBytes()).toBe(0)
  })

  it('goes on from saved positions and delivers nothing twice', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 5) })
    const before = aTailer(volume)
    await readAll(before)
    appendFileSync(join(root, FIRST), notes(6, 7))
    writeFileSync(join(root, SECOND), notes(7, 9))
    const after = aTailer(volume, { positions: before.positions() })
    const batch = await readAll(after)
    expect(seqsOf(batch)).toEqual([6, 7, 8, 9])
    expect(batch).toMatchObject({ repeated: 1, gaps: [], damaged: [] })
    expect(after.stats()).toMatchObject({ entries: 4, repeated: 1, missing: 0 })
  })

  it('delivers every entry once when it is killed between effect and checkpoint', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 3) })
    const saved: { positions: Positions; effect: number[] } = { positions: new Map(), effect: [] }
    for (let life = 0; life < 4; life += 1) {
      const tailer = aTailer(volume, { positions: saved.positions })
      const effect = [...saved.effect, ...seqsOf(await readAll(tailer))]
      // In odd lives the process dies here: neither effect nor position is saved.
      if (life % 2 === 0) Object.assign(saved, { positions: tailer.positions(), effect })
      appendFileSync(join(root, FIRST), notes(4 + life, 4 + life))
    }
    const last = aTailer(volume, { positions: saved.positions })
    expect([...saved.effect, ...seqsOf(await readAll(last))]).toEqual([1, 2, 3, 4, 5, 6, 7])
  })
})

describe('a damaged log', () => {
  const good = notes(1, 1)
  it.each<{ what: string; line: string | Buffer; reason: DamageReason }>([
    { what: 'an empty line', line: '\n', reason: 'foreign' },
    { what: 'a line that ends in CRLF', line: aNoteLine(9).replace('\n', '\r\n'), reason: 'foreign' },
    { what: 'a byte order mark', line: `\uFEFFhello\n`, reason: 'encoding' },
    { what: 'NULs', line: Buffer.concat([Buffer.alloc(100), Buffer.from('\n')]), reason: 'encoding' },
    { what: 'invalid UTF-8', line: Buffer.from([0xff, 0xfe, 0x0a]), reason: 'encoding' },
    { what: 'a line of another format', line: '2023-10-01,1,2,3\n', reason: 'foreign' },
    { what: 'the beginning of a line', line: `${aNoteLine(9).slice(0, 20)}\n`, reason: 'torn' },
    { what: 'a wrong checksum', line: aNoteLine(9).replace('note 9', 'note 8'), reason: 'crc' },
    { what: 'a newer major version', line: closeLine('{"v":2,"seq":2,"text":"new","at":1'), reason: 'version' },
    { what: 'a line of 10 MB', line: `${'x'.repeat(10_000_000)}\n`, reason: 'oversized' },
    { what: 'a line one byte too long', line: `${'x'.repeat(MAX_LINE_BYTES)}\n`, reason: 'oversized' },
    { what: 'a line as long as a line can be', line: `${'x'.repeat(MAX_LINE_BYTES - 1)}\n`, reason: 'foreign' },
  ])('loses $what and nothing else', async ({ line, reason }) => {
    const { volume } = aLog({
      [FIRST]: Buffer.concat([Buffer.from(good), Buffer.from(line), Buffer.from(notes(2, 4))]),
    })
    const tailer = aTailer(volume)
    const batch = await readAll(tailer)
    expect(batch.damaged).toEqual([{ writer: 'W', segment: '000001-000001.ndjson', offset: good.length, reason }])
    expect(tailer.stats().damaged).toEqual(new Map([[reason, 1]]))
    // The line of the newer version has seq 2 itself, so the second one with it is a repeat.
    expect(seqsOf(batch)).toEqual(reason === 'version' ? [1, 3, 4] : [1, 2, 3, 4])
    expect(batch.gaps).toEqual([])
  })

  it('holds little memory for a line of 10 MB between good ones', async () => {
    const { volume } = aLog({ [FIRST]: `${notes(1, 1)}${'x'.repeat(10_000_000)}\n${notes(2, 2)}` })
    let largest = 0
    const watched = {
      ...volume,
      look: async (folder: string, file: string | undefined, offset: number, maxBytes: number) => {
        const look = await volume.look(folder, file, offset, maxBytes)
        largest = Math.max(largest, look.bytes?.length ?? 0)
        return look
      },
    }
    expect(seqsOf(await readAll(aTailer(watched)))).toEqual([1, 2])
    expect(largest).toBeLessThanOrEqual(512 * 1024)
  })

  it('goes on behind an oversized line after a restart in its middle', async () => {
    const { volume, root } = aLog({ [FIRST]: `${notes(1, 1)}${'x'.repeat(500_000)}` })
    const before = aTailer(volume)
    expect(seqsOf(await readAll(before))).toEqual([1])
    appendFileSync(join(root, FIRST), `${'x'.repeat(500_000)}\n${notes(2, 2)}`)
    const batch = await readAll(aTailer(volume, { positions: before.positions() }))
    expect(seqsOf(batch)).toEqual([2])
    expect(batch.damaged).toMatchObject([{ reason: 'oversized', offset: notes(1, 1).length }])
    expect(seqsOf(await readAll(before))).toEqual([2])
  })

  it('reports a missing seq with its range', async () => {
    const { volume } = aLog({ [FIRST]: notes(1, 2) + notes(6, 7) })
    const tailer = aTailer(volume)
    expect((await readAll(tailer)).gaps).toEqual([{ writer: 'W', fromSeq: 3, toSeq: 5, reason: 'missing' }])
    expect(tailer.stats().missing).toBe(3)
  })

  it('misses the beginning of a log that cannot have been deleted', async () => {
    const { volume } = aLog({ [FIRST]: notes(3, 4) })
    expect((await readAll(aTailer(volume))).gaps).toEqual([{ writer: 'W', fromSeq: 1, toSeq: 2, reason: 'missing' }])
  })

  it('takes a log whose first segments are gone as it is', async () => {
    const { volume } = aLog({ [SECOND]: notes(3, 4) })
    const batch = await readAll(aTailer(volume))
    expect(batch).toMatchObject({ entries: [{ seq: 3 }, { seq: 4 }], gaps: [] })
  })
})

describe('a last line without its newline', () => {
  const half = aNoteLine(2).slice(0, 30)
  const rest = aNoteLine(2).slice(30)

  it('is waited for and delivered when it is completed', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 1) + half })
    const tailer = aTailer(volume)
    for (let poll = 0; poll < 3; poll += 1) await tailer.poll()
    expect(tailer.stats()).toMatchObject({ entries: 1, damaged: new Map() })
    appendFileSync(join(root, FIRST), rest)
    expect(await tailer.poll()).toMatchObject({ entries: [{ seq: 2 }], damaged: [] })
  })

  it('is torn once there is a later segment, and its seq comes again there', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 1) + half })
    const tailer = aTailer(volume)
    await readAll(tailer)
    writeFileSync(join(root, SECOND), notes(2, 3))
    const batch = await readAll(tailer)
    expect(batch.damaged).toMatchObject([{ reason: 'torn', offset: notes(1, 1).length }])
    expect(seqsOf(batch)).toEqual([2, 3])
    expect(batch.gaps).toEqual([])
  })

  it('is torn once the segment is sealed', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 1) + half })
    const tailer = aTailer(volume)
    await readAll(tailer)
    const line = { segment: '000001-000001.ndjson', lines: 1, bytes: notes(1, 1).length + half.length }
    const index = closeLine(JSON.stringify({ ...line, firstSeq: 1, lastSeq: 1, minAt: 1, maxAt: 1 }).slice(0, -1))
    writeFileSync(join(root, 'notes/W/index.ndjson'), index)
    expect((await readAll(tailer)).damaged).toMatchObject([{ reason: 'torn' }])
    writeFileSync(join(root, SECOND), notes(2, 2))
    expect(await readAll(tailer)).toMatchObject({ damaged: [], entries: [{ seq: 2 }] })
  })
})

describe('a segment that is gone', () => {
  it('is a gap with its seq range for a lagging reader', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 4), [SECOND]: notes(5, 6) })
    const positions: Positions = new Map([
      ['W', { segment: '000001-000001.ndjson', offset: notes(1, 2).length, seq: 2 }],
    ])
    rmSync(join(root, FIRST))
    const batch = await readAll(aTailer(volume, { positions }))
    expect(batch.gaps).toEqual([{ writer: 'W', fromSeq: 3, toSeq: 4, reason: 'deleted' }])
    expect(seqsOf(batch)).toEqual([5, 6])
  })

  it('is no gap for a reader that had read it', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 4) })
    const tailer = aTailer(volume)
    await readAll(tailer)
    rmSync(join(root, FIRST))
    expect(await readAll(tailer)).toMatchObject({ entries: [], gaps: [] })
    writeFileSync(join(root, SECOND), notes(5, 6))
    expect(await readAll(tailer)).toMatchObject({ entries: [{ seq: 5 }, { seq: 6 }], gaps: [] })
  })
})

describe('two epochs', () => {
  it('end the older segment at the length in the index, so a writer that wakes up late adds nothing', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 3) })
    const writer = await aWriter(volume)
    await writer.append(aNote(4))
    appendFileSync(join(root, FIRST), aNoteLine(4, 'late') + aNoteLine(5, 'late too'))
    expect(segmentFiles(root)).toEqual(['000001-000001.ndjson', '000002-000001.ndjson'])
    const batch = await readAll(aTailer(volume))
    expect(textsOf(batch)).toEqual(['note 1', 'note 2', 'note 3', 'note 4'])
    expect(batch).toMatchObject({ repeated: 0, gaps: [], damaged: [] })
  })

  it('hold the reader at the seam until the new writer has sealed the older one', async () => {
    const { volume, root } = aLog({ [FIRST]: notes(1, 2) })
    const tailer = aTailer(volume)
    await readAll(tailer)
    writeFileSync(join(root, NEXT_EPOCH), '')
    appendFileSync(join(root, FIRST), notes(3, 3))
    expect(await tailer.poll()).toMatchObject({ entries: [], caughtUp: true })
    writeFileSync(join(root, NEXT_EPOCH), notes(4, 4))
    expect(await readAll(tailer)).toMatchObject({ entries: [{ seq: 3 }, { seq: 4 }] })
  })
})

describe('the tail of a log', () => {
  const lines = [aNoteLine(1), aNoteLine(2), aNoteLine(3)]
  const text = Buffer.from(lines.join(''))

  it('survives every truncation: whole lines are read, nothing else', async () => {
    const { volume, root } = aLog({ [FIRST]: text })
    let end = 0
    const ends = lines.map((line) => {
      end += line.length
      return end
    })
    for (let length = text.length; length >= 0; length -= 1) {
      truncateSync(join(root, FIRST), length)
      const batch = await readAll(aTailer(volume, { writers: ['W'] }))
      expect(textsOf(batch)).toEqual(
        ['note 1', 'note 2', 'note 3'].slice(0, ends.filter((one) => one <= length).length),
      )
      expect(batch).toMatchObject({ gaps: [], damaged: [], repeated: 0 })
    }
  })

  // Every bit of a few lines; one bit of every byte of a run that is long enough to be summed as a whole.
  it.each([
    { what: 'every flipped bit', records: 3, step: 1 },
    { what: 'a flipped bit in every byte of a longer run', records: 12, step: 9 },
  ])('survives $what: no wrong value, at most one record lost', async ({ records, step }) => {
    const whole = Buffer.from(Array.from({ length: records }, (_, i) => aNoteLine(i + 1)).join(''))
    const { volume, root } = aLog({ [FIRST]: whole })
    for (let bit = 0; bit < whole.length * 8; bit += step) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(join(root, FIRST), flipped)
      const batch = await readAll(aTailer(volume, { writers: ['W'] }))
      for (const { seq, value } of batch.entries) expect(value).toEqual(aNote(seq))
      expect(batch.entries.length).toBeGreaterThanOrEqual(records - 1)
      if (batch.entries.length === records) continue
      // The lost one is told of: as damage, as a gap, or, the newline of the last line being gone, by not being whole.
      const waits = (flipped[whole.length - 1] ?? 0) !== 0x0a
      expect(batch.damaged.length + batch.gaps.length > 0 || waits).toBe(true)
    }
  })
})

describe('reading while the disk fails', () => {
  it('delivers what the other writers gave, and the rest later', async () => {
    const { volume } = aLog({ [FIRST]: notes(1, 2) })
    await volume.createExclusive('notes/A/000001-000001.ndjson', Buffer.from(notes(1, 1)))
    let broken = true
    const failing = {
      ...volume,
      look: (folder: string, ...rest: [string | undefined, number, number]) =>
        broken && folder === 'notes/W' ? Promise.reject(new Error('gone')) : volume.look(folder, ...rest),
    }
    const tailer = aTailer(failing)
    expect(await tailer.poll()).toMatchObject({ entries: [{ writer: 'A', seq: 1 }], caughtUp: false })
    await expect(tailer.poll()).rejects.toThrow('gone')
    broken = false
    expect(await readAll(tailer)).toMatchObject({ entries: [{ writer: 'W' }, { writer: 'W' }] })
  })
})

it('one idle poll costs one call to the volume for each writer', async () => {
  const { volume } = aLog({ [FIRST]: notes(1, 2) })
  let calls = 0
  const counted = new Proxy(volume, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        calls += 1
        return Reflect.apply(member, target, args)
      }
    },
  })
  const tailer = aTailer(counted, { writers: ['W'] })
  await readAll(tailer)
  calls = 0
  await tailer.poll()
  expect(calls).toBe(1)
})

it('the codec of these tests refuses what it must', () => {
  expect(noteCodec.parse(Buffer.from(aNoteLine(1).trimEnd()))).toMatchObject({ ok: true, seq: 1 })
})
