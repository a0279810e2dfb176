import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ReadBack } from '../../exporters/read-back.ts'
import { systemClock } from '../../lib/clock.ts'
import type { LogWriter } from '../../lib/log/log.ts'
import { openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aFolder, aTransfer, eventually } from '../support/builders.ts'
import { SITE_A } from '../support/exporters.ts'

async function aLog(): Promise<{ root: string; volume: Volume; writer: LogWriter<Transfer> }> {
  const root = aFolder()
  const volume = createInlineVolume({ root })
  const options = { volume, stream: 'transfers', writer: SITE_A, codec: transferCodec, clock: systemClock }
  const writer = await openLogWriter({ ...options, logger: silentLogger })
  onTestFinished(() => writer.close())
  return { root, volume, writer }
}

async function aReadBack(volume: Volume) {
  const seqs: number[] = []
  const readBack = new ReadBack({
    volume,
    site: SITE_A,
    logger: silentLogger,
    pollMs: 2,
    onRecords: (records) => seqs.push(...records.map(({ seq }) => seq)),
  })
  onTestFinished(() => readBack.stop())
  await readBack.start()
  return { readBack, seqs }
}

const some = (count: number): Transfer[] => Array.from({ length: count }, () => aTransfer())

describe('the read-back', () => {
  it('gives every record of the site once, over all restarts', async () => {
    const { volume, writer } = await aLog()
    await writer.appendAll(some(3))
    const first = await aReadBack(volume)
    await eventually(() => first.seqs.length === 3)
    await writer.appendAll(some(2))
    await eventually(() => first.seqs.length === 5)
    await first.readBack.stop()
    await writer.appendAll(some(2))
    const second = await aReadBack(volume)
    await eventually(() => second.seqs.length === 2)
    expect([...first.seqs, ...second.seqs]).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('begins anew when its place is lost, and never at the end', async () => {
    const { root, volume, writer } = await aLog()
    await writer.appendAll(some(3))
    const first = await aReadBack(volume)
    await eventually(() => first.seqs.length === 3)
    await first.readBack.stop()
    rmSync(join(root, 'checkpoints'), { recursive: true })
    const second = await aReadBack(volume)
    await eventually(() => second.seqs.length === 3)
    expect(second.seqs).toEqual([1, 2, 3])
  })

  it('counts damage by reason and goes on behind it', async () => {
    const { root, volume, writer } = await aLog()
    await writer.append(aTransfer())
    appendFileSync(join(root, `transfers/${SITE_A}/000001-000001.ndjson`), 'rubbish\n')
    await writer.append(aTransfer())
    const { readBack, seqs } = await aReadBack(volume)
    await eventually(() => seqs.length === 2)
    const { damaged, repeated, missing, lagBytes } = readBack.stats()
    expect([...damaged.values()].reduce((sum, count) => sum + count, 0)).toBe(1)
    expect({ repeated, missing, lagBytes }).toEqual({ repeated: 0, missing: 0, lagBytes: 0 })
  })

  it('does not hold back the retention of other sites', async () => {
    const { volume, writer } = await aLog()
    await writer.append(aTransfer())
    const { readBack, seqs } = await aReadBack(volume)
    await eventually(() => seqs.length === 1)
    await readBack.stop()
    const text = (await volume.read(`checkpoints/exporter-${SITE_A}/metrics`, 0, 10_000))?.toString('utf8')
    expect(text).toContain('"positions":{}')
  })
})
