import { describe, expect, test } from 'vitest'
import { inventory } from '../../../lib/log/inventory.ts'
import { takeApart } from '../../../lib/log/joined.ts'
import { readSegment } from '../../../lib/log/segment-reader.ts'
import { createTailer } from '../../../lib/log/tailer.ts'
import { verifyStream } from '../../../lib/log/verify.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aFolder, aTransfer } from '../../support/builders.ts'

const lines = [1, 2, 3].map((seq) => transferCodec.serialise(aTransfer(), seq))

describe('a joined line', () => {
  test.each([
    ['{"a":"b"}x{"v":1,"c":"d"}', ['{"a":"b"}', '{"v":1,"c":"d"}']],
    ['"}?{"v":"}!{"v":', ['"}', '{"v":"}', '{"v":']],
    ['{"v":1}', undefined],
    ['{"v":1,"a":{"v":2}}', undefined],
    ['{"v":1,"a":"x"}{"v":2}', undefined],
    ['', undefined],
  ])('%s', (text, pieces) => {
    expect(takeApart(Buffer.from(text))?.map(({ bytes }) => bytes.toString())).toEqual(pieces)
  })

  test('has pieces with their places', () => {
    expect(takeApart(Buffer.from('{"a":"b"}x{"v":1}'))?.map(({ offset }) => offset)).toEqual([0, 10])
  })
})

test.each([0, 1, 2, 3, 4, 5, 6, 7])('a newline with bit %d flipped costs no record, and is reported', async (bit) => {
  const volume = createInlineVolume({ root: aFolder() })
  const bytes = Buffer.from(lines.join(''))
  const newline = (lines[0] as string).length - 1
  bytes[newline] = 10 ^ (1 << bit)
  await volume.createExclusive('transfers/SITE_A/000001-000001.ndjson', bytes)
  const batch = await createTailer({ volume, stream: 'transfers', codec: transferCodec }).poll()
  expect(batch.entries.map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(batch.gaps).toEqual([])
  expect(batch.damaged.map(({ offset }) => offset)).toEqual([0])
})

test('every reader takes it apart alike: pages of the past, the index of a log that is taken over, verification', async () => {
  const root = aFolder()
  const volume = createInlineVolume({ root })
  const bytes = Buffer.from(lines.join(''))
  bytes[bytes.length - (lines[2] as string).length - 1] = 0x0b
  await volume.createExclusive('transfers/SITE_A/000001-000001.ndjson', bytes)
  const place = { volume, stream: 'transfers', writer: 'SITE_A', codec: transferCodec }
  const seqs: number[] = []
  for await (const { entries } of readSegment({ ...place, segment: '000001-000001.ndjson' }))
    seqs.push(...entries.map(({ seq }) => seq))
  expect(seqs).toEqual([1, 2, 3])
  expect(await inventory(volume, 'transfers', 'SITE_A', transferCodec)).toMatchObject({ records: 3, lastSeq: 3 })
  const { ok, sites } = await verifyStream({ volume, stream: 'transfers', codec: transferCodec })
  expect(ok).toBe(false)
  expect(sites).toMatchObject([
    { site: 'SITE_A', records: 3, missing: 0, damaged: [{ offset: (lines[0] as string).length }] },
  ])
})
