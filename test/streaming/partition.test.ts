import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { createRandom } from '../../lib/random.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { differences, fromOf, siteOf, windowsOfLines, windowsOfRecords } from '../support/expected-windows.ts'
import { faultyCalls } from '../support/faulty-calls.ts'
import { aVolume } from '../support/log.ts'
import { aStallingVolume } from '../support/stalling-volume.ts'
import {
  anomalyLines,
  messagesOf,
  openPartition,
  plainVolume,
  quarantineLines,
  rules,
  windowLines,
} from '../support/stream-partition.ts'
import { transferStream } from '../support/transfer-stream.ts'

/** What must have closed behind these records: per recorder, what lies a watermark and a lateness behind its newest. */
function closedAfter(records: readonly TransferRecord[]): (key: string) => boolean {
  const newest = new Map<string, number>()
  for (const { site, endedAt } of records) newest.set(site, Math.max(newest.get(site) ?? 0, endedAt))
  return (key) => {
    const until = (newest.get(siteOf(key)) ?? 0) - rules.watermarkSeconds - rules.latenessSeconds
    return fromOf(key) + rules.windowSeconds <= until
  }
}

describe('a partition', () => {
  it('writes the windows that the records make, and saves its place', async () => {
    const { volume } = aVolume()
    const records = transferStream({ records: 600 })
    const { partition, saved, counts } = await openPartition(volume, { first: 0, next: 600 })
    expect(partition.from).toBe(0)
    await partition.handle(messagesOf(records))
    await partition.close()
    expect(saved).toEqual([600])
    expect(counts.processed).toBe(600)
    const found = windowsOfLines(await windowLines(volume))
    expect(found.size).toBeGreaterThan(20)
    expect(differences(windowsOfRecords(records), found, closedAfter(records))).toEqual([])
  })

  it('handles the next messages while the volume writes what came of those before, and not more than a few', async () => {
    const { volume, hold, release, waiting } = aStallingVolume(60_000, ['write'])
    const messages = messagesOf(transferStream({ records: 900 }))
    const patient = { beatMs: 20_000, watchMs: 60_000, trustMs: 40_000, lookMs: 5 }
    const { partition, counts } = await openPartition(volume, { first: 0, next: 900 }, { leaseTiming: patient })
    hold()
    let durable = 0
    const { durable: first } = await partition.handle(messages.slice(0, 300))
    const count = () => {
      durable += 1
    }
    void first.then(count)
    await eventually(() => waiting() > 0)
    const others = Array.from({ length: 30 }, (_, i) => partition.handle(messages.slice(300 + 20 * i, 320 + 20 * i)))
    for (const other of others) void other.then((handled) => handled.durable.then(count))
    await eventually(() => counts.processed >= 300 + 20 * 8)
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect([durable, counts.processed <= 300 + 20 * 9]).toEqual([0, true])
    release()
    await eventually(() => durable === 31)
    expect(counts.processed).toBe(900)
    expect((await windowLines(volume)).length).toBeGreaterThan(20)
    await partition.close()
  })

  it.each([1, 2])('counts everything once, whatever the moments at which its process ends (seed %d)', async (seed) => {
    const records = transferStream({ records: 3000, every: 3 })
    const messages = messagesOf(records)
    const random = createRandom(seed, 'crashes')
    const root = aFolder()
    let crashes = 0
    let volume = createInlineVolume({ root })
    for (let done = false; !done; ) {
      // The process ends at the n-th change on the volume: between append and save, in the middle of either, anywhere.
      const last = random.int(20) + 4
      const death = new Promise<false>((resolve) => {
        let changes = 0
        const calls = faultyCalls((call) => {
          if (call === 'write' || call === 'rename') changes += 1
          if (changes <= last) return undefined
          resolve(false)
          return 'eio'
        }, random)
        volume = createInlineVolume({ root, calls })
      })
      const life = async (): Promise<true> => {
        const { partition } = await openPartition(volume, { first: 0, next: messages.length }, { checkpointSeconds: 0 })
        for (let at = partition.from; at < messages.length; ) {
          const size = random.int(90) + 1
          await partition.handle(messages.slice(at, at + size))
          at += size
        }
        await partition.close()
        return true
      }
      done = await Promise.race([life(), death])
      if (!done) crashes += 1
    }
    volume = plainVolume(root)
    expect(crashes).toBeGreaterThan(8)
    const lines = await windowLines(volume)
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
    expect(differences(windowsOfRecords(records), windowsOfLines(lines), closedAfter(records))).toEqual([])
    const calm = aVolume().volume
    const { partition } = await openPartition(calm, { first: 0, next: messages.length })
    await partition.handle(messages)
    await partition.close()
    const verdicts = (await anomalyLines(volume)).map(({ id }) => id)
    expect(verdicts.length).toBeGreaterThan(0)
    expect(verdicts).toEqual((await anomalyLines(calm)).map(({ id }) => id))
  })
})

describe('what was saved', () => {
  const records = transferStream({ records: 900 })
  const messages = messagesOf(records)
  const range = { first: 0, next: 900 }
  const file = 'checkpoints/stream/transfers-p0'

  async function live(volume: Volume, to: number, changes: Parameters<typeof openPartition>[1] = range) {
    const opened = await openPartition(volume, changes)
    await opened.partition.handle(messages.slice(opened.partition.from, to))
    await opened.partition.close()
    return opened
  }

  it.each([
    { what: 'cut', spoil: (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1) },
    { what: 'empty', spoil: () => Buffer.alloc(0) },
    { what: 'damaged', spoil: (bytes: Buffer) => bytes.fill(0x20, bytes.length - 9) },
  ])('and is $what now is passed over for the generation before it, and every window is right', async ({ spoil }) => {
    const { volume, root } = aVolume()
    await live(volume, 300)
    await live(volume, 600)
    writeFileSync(join(root, file), spoil(readFileSync(join(root, file))))
    const third = await live(volume, 900)
    expect(third.partition.from).toBe(299)
    const lines = await windowLines(volume)
    expect(differences(windowsOfRecords(records), windowsOfLines(lines), closedAfter(records))).toEqual([])
  })

  it('and is cut in both generations begins anew: nothing is written twice', async () => {
    const { volume, root } = aVolume()
    await live(volume, 300)
    await live(volume, 600)
    for (const one of [file, `${file}.previous`]) writeFileSync(join(root, one), '{')
    const third = await live(volume, 900)
    expect(third.partition.from).toBe(0)
    const lines = await windowLines(volume)
    expect(differences(windowsOfRecords(records), windowsOfLines(lines), closedAfter(records))).toEqual([])
  })

  it('by a newer release or for another partition is refused with the next step, and the folder is let go', async () => {
    const { volume, root } = aVolume()
    await live(volume, 300)
    renameSync(join(root, file), join(root, 'checkpoints/stream/transfers-p1'))
    const other = { ...range, partition: 1 }
    const open = () =>
      openPartition(volume, range, { assignment: { topic: 'transfers', incarnation: 'one', ...other } })
    const refusal = { code: 'checkpoint.invalid', hint: expect.stringContaining('move') }
    await expect(open()).rejects.toMatchObject(refusal)
    await expect(open()).rejects.toMatchObject(refusal)
  })

  it('with a place that is gone reports the range, keeps it in quarantine, and goes on behind it', async () => {
    const { volume } = aVolume()
    await live(volume, 300)
    const second = await live(volume, 900, { first: 350, next: 900 })
    expect([second.partition.from, second.lost]).toEqual([350, [50]])
    expect(await quarantineLines(volume)).toMatchObject([
      { reason: 'lost', offset: 300, detail: 'offsets 300 to 349 were deleted before they were read' },
    ])
    const rest = records.filter((_, i) => i < 300 || i >= 350)
    const lines = await windowLines(volume)
    expect(differences(windowsOfRecords(rest), windowsOfLines(lines), closedAfter(rest))).toEqual([])
  })

  it.each([
    { what: 'says so', next: 900, incarnation: 'two' },
    { what: 'is shorter', next: 100, incarnation: 'one' },
  ])(
    'of a topic that was made anew and $what is read from its beginning, repeats dropped',
    async ({ next, incarnation }) => {
      const { volume } = aVolume()
      await live(volume, 300)
      const second = await openPartition(volume, { first: 0, next, incarnation })
      expect([second.partition.from, second.recreated()]).toEqual([0, 1])
      await second.partition.handle(messages)
      await second.partition.close()
      expect([second.counts.repeated, second.counts.processed]).toEqual([300, 600])
      const lines = await windowLines(volume)
      expect(differences(windowsOfRecords(records), windowsOfLines(lines), closedAfter(records))).toEqual([])
    },
  )

  it('of a topic that was made anew unseen is noticed by the message before the place', async () => {
    const { volume } = aVolume()
    await live(volume, 300)
    // The new topic begins with what comes behind, so that other messages lie at the old offsets.
    const anew = messagesOf([...records.slice(300), ...records.slice(0, 300)])
    const second = await openPartition(volume, range)
    expect(second.partition.from).toBe(299)
    await expect(second.partition.handle(anew.slice(299))).rejects.toThrow()
    expect([second.broken.length, second.recreated()]).toEqual([1, 1])
    await second.partition.close()
    const third = await openPartition(volume, range)
    expect(third.partition.from).toBe(0)
    await third.partition.handle(anew)
    await third.partition.close()
    expect([third.counts.repeated, third.counts.processed]).toEqual([300, 600])
    const lines = await windowLines(volume)
    expect(differences(windowsOfRecords(records), windowsOfLines(lines), closedAfter(records))).toEqual([])
  })

  it('is given up by a partition whose folder another process has taken', async () => {
    const { volume } = aVolume()
    const first = await openPartition(volume, range)
    await volume.createExclusive('windows/p0/000009-000001.ndjson', Buffer.alloc(0))
    await eventually(() => first.broken.length > 0)
    expect(first.broken[0]).toMatchObject({ code: 'log.fenced' })
    await expect(first.partition.handle(messages.slice(0, 10))).rejects.toMatchObject({ code: 'log.fenced' })
    await first.partition.close()
    expect(first.saved).toEqual([])
  })
})
