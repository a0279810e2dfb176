import { describe, expect, it } from 'vitest'

import { createRandom } from '../../lib/random.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder } from '../support/builders.ts'
import { differences, fromOf, siteOf, windowsOfLines, windowsOfRecords } from '../support/expected-windows.ts'
import { faultyCalls } from '../support/faulty-calls.ts'
import { aVolume } from '../support/log.ts'
import {
  anomalyLines,
  messagesOf,
  openPartition,
  plainVolume,
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

  it.each([1, 2])('counts everything once, whatever the moments at which its process ends (seed %d)', async (seed) => {
    const records = transferStream({ records: 3000, every: 3 })
    const messages = messagesOf(records)
    const random = createRandom(seed, 'crashes')
    const root = aFolder()
    let crashes = 0
    let volume = createInlineVolume({ root })
    for (let done = false; !done; ) {
      // The process ends at the n-th change on the volume: between append and save, in the middle of either, anywhere.
      const last = random.int(40) + 4
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
