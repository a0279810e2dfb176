import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../lib/clock.ts'
import type { LogWriter } from '../../../lib/log/log.ts'
import { verifyStream } from '../../../lib/log/verify.ts'
import { openLogWriter } from '../../../lib/log/writer.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { createRandom, type Random } from '../../../lib/random.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aFolder } from '../../support/builders.ts'
import { type Fault, type FaultyCalls, faultyCalls } from '../../support/faulty-calls.ts'
import {
  aNote,
  aTailer,
  aVolume,
  aWriter,
  type Note,
  noteCodec,
  readAll,
  segmentFiles,
  textsOf,
} from '../../support/log.ts'

const hurry = { firstPauseMs: 0, lastPauseMs: 1, closePatienceMs: 30 }
const leaseTiming = { beatMs: 5000, watchMs: 4, trustMs: 10_000, lookMs: 1 }
const roll = { bytes: 2000, seconds: 20, leastBytes: 400 }
const faults: Fault[] = ['short-write', 'eio', 'enospc', 'sync', 'close']

interface Ledger {
  acknowledged: Map<number, string>
  given: Set<string>
}

/** Opens a writer on a volume with faults; a claim that dies on the way is repeated, as a restarted pod would. */
async function openThrough(root: string, calls: FaultyCalls): Promise<LogWriter<Note> | undefined> {
  const volume = createInlineVolume({ root, calls })
  for (let i = 0; i < 20; i += 1) {
    try {
      return await openLogWriter({
        volume,
        stream: 'notes',
        writer: 'W',
        codec: noteCodec,
        clock: systemClock,
        logger: silentLogger,
        retry: hurry,
        roll,
        leaseTiming,
        // The claim of a failed opening is this very process: it counts as gone.
        processes: { self: () => ({ host: 'h', pid: 1, start: 1 }), isAlive: () => false },
      })
    } catch {
      // Tried again.
    }
  }
  return undefined
}

async function write(writer: LogWriter<Note>, random: Random, ledger: Ledger, entries: number): Promise<void> {
  const waits: Promise<void>[] = []
  for (let n = 0; n < entries; ) {
    const group = Array.from({ length: 1 + random.int(4) }, () => {
      n += 1
      const note = aNote(ledger.given.size + 1)
      ledger.given.add(note.text)
      return note
    })
    const wait = writer.appendAll(group).then(
      (last) => {
        for (const [i, { text }] of group.entries()) ledger.acknowledged.set(last - group.length + 1 + i, text)
      },
      () => {},
    )
    waits.push(wait)
    if (random.chance(0.6)) await wait
  }
  if (random.chance(0.7)) await Promise.all(waits)
}

/** What a new writer and new readers make of the folder afterwards. */
async function expectNothingLost(root: string, ledger: Ledger, live: string[]): Promise<void> {
  const volume = createInlineVolume({ root })
  const writer = await openThrough(
    root,
    faultyCalls(() => undefined, createRandom(0, 'none')),
  )
  await writer?.append({ text: 'the end', at: 1 })
  await writer?.close()
  const batch = await readAll(aTailer(volume))
  const texts = textsOf(batch)
  const bySeq = new Map(batch.entries.map(({ seq, value }) => [seq, value.text]))
  for (const [seq, text] of ledger.acknowledged) expect(bySeq.get(seq)).toBe(text)
  expect(new Set(texts).size).toBe(texts.length)
  expect(texts.every((text) => ledger.given.has(text) || text === 'the end')).toBe(true)
  expect(batch.gaps).toEqual([])
  expect(new Set(live).size).toBe(live.length)
  expect((await verifyStream({ volume, stream: 'notes', codec: noteCodec })).ok).toBe(true)
}

/** A writer's life on a disk of its own that fails at random; returns how many entries it acknowledged. */
async function oneSeed(seed: number): Promise<number> {
  const random = createRandom(seed, 'disk')
  const root = aFolder()
  const share = random.uniform(0.01, 0.15)
  const calls = faultyCalls(
    (call) =>
      random.chance(call === 'read' || call === 'readdir' ? share / 4 : share) ? faults[random.int(5)] : undefined,
    random,
  )
  const ledger: Ledger = { acknowledged: new Map(), given: new Set() }
  const writer = await openThrough(root, calls)
  if (writer === undefined) return 0
  const reader = aTailer(createInlineVolume({ root }))
  const live: string[] = []
  await write(writer, random, ledger, 20)
  live.push(...textsOf(await readAll(reader)))
  await write(writer, random, ledger, 20)
  if (random.chance(0.5)) await writer.close()
  calls.kill()
  await writer.close().catch(() => {})
  live.push(...textsOf(await readAll(reader)))
  try {
    await expectNothingLost(root, ledger, live)
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error })
  }
  return ledger.acknowledged.size
}

describe('a writer on a failing disk', () => {
  it('loses nothing that it acknowledged, over 500 seeds of faults', { timeout: 240_000 }, async () => {
    const left = Array.from({ length: 500 }, (_, i) => i + 1)
    let acknowledged = 0
    const worker = async (): Promise<void> => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const lines = await oneSeed(seed)
        acknowledged += lines
      }
    }
    // Side by side: most of the time goes by in pauses between attempts.
    await Promise.all(Array.from({ length: 10 }, worker))
    expect(acknowledged).toBeGreaterThan(10_000)
  })

  it.each(faults)('loses nothing whichever call fails with %s', { timeout: 240_000 }, async (fault) => {
    let calls = faultyCalls(() => undefined, createRandom(0, 'count'))
    let n = 0
    do {
      n += 1
      const random = createRandom(n, fault)
      const root = aFolder()
      calls = faultyCalls((_call, count) => (count === n ? fault : undefined), random)
      const ledger: Ledger = { acknowledged: new Map(), given: new Set() }
      const writer = await openThrough(root, calls)
      if (writer !== undefined) await write(writer, createRandom(0, 'same'), ledger, 12)
      await writer?.close()
      calls.kill()
      await expectNothingLost(root, ledger, [])
    } while (calls.count >= n)
    expect(n).toBeGreaterThan(50)
  })

  it('loses nothing when every n-th call fails', { timeout: 240_000 }, async () => {
    for (let n = 1; n <= 40; n += 1) {
      const root = aFolder()
      const calls = faultyCalls((_call, count) => (count % n === 0 ? 'eio' : undefined), createRandom(0, 'n'))
      const ledger: Ledger = { acknowledged: new Map(), given: new Set() }
      const writer = await openThrough(root, calls)
      if (writer !== undefined) {
        const writing = write(writer, createRandom(0, 'same'), ledger, 12)
        // With every second call failing nothing ever succeeds, and the close gives up.
        await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 300))])
        await writer.close().catch(() => {})
      }
      calls.kill()
      await expectNothingLost(root, ledger, [])
    }
  })

  it('waits out a full volume, leaves no trail of empty segments, and goes on by itself', async () => {
    let full = false
    const calls = faultyCalls((call) => (full && call === 'write' ? 'enospc' : undefined), createRandom(0, 'full'))
    const { volume, root } = aVolume(calls)
    const writer = await aWriter(volume, { retry: { firstPauseMs: 1, lastPauseMs: 20, closePatienceMs: 1000 } })
    await writer.append(aNote(1))
    full = true
    const waiting = writer.append(aNote(2))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(writer.pending).toBe(1)
    expect(writer.stats.writeErrors).toBeGreaterThan(3)
    expect(segmentFiles(root).length).toBeLessThanOrEqual(2)
    full = false
    expect(await waiting).toBe(2)
    expect(textsOf(await readAll(aTailer(volume)))).toEqual(['note 1', 'note 2'])
    await writer.close()
    expect(segmentFiles(root)).toHaveLength(2)
  })
})
