import { expect, onTestFinished, test } from 'vitest'
import { Tally } from '../../../lib/metrics.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { type CallCounts, measureVolume } from '../../../lib/volume/measured.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { volumeContract } from '../../contracts/volume.contract.ts'
import { aFolder } from '../../support/builders.ts'

const someCounts = (): CallCounts => ({ ok: 0, failed: 0, seconds: new Tally([1]) })

function measured(root = aFolder()): { volume: Volume; read: CallCounts; write: CallCounts } {
  const counts = { read: someCounts(), write: someCounts() }
  const volume = measureVolume(createInlineVolume({ root }), counts)
  onTestFinished(() => volume.close())
  return { volume, ...counts }
}

volumeContract('a measured volume', (root) => measured(root).volume)

test('reads and writes are counted and timed apart', async () => {
  const { volume, read, write } = measured()
  await volume.createExclusive('a/one', Buffer.from('1'))
  await volume.replace('a/two', Buffer.from('2'))
  const handle = await volume.openSegment('a/three')
  await handle?.append(Buffer.from('3'))
  await handle?.close()
  await volume.remove('a/one')
  await volume.list('a')
  await volume.read('a/two', 0, 10)
  await volume.look('a', undefined, 0, 0)
  await volume.size('a/two')
  await volume.capacity()
  expect([write.ok, write.seconds.read().count, write.failed]).toEqual([6, 6, 0])
  expect([read.ok, read.seconds.read().count, read.failed]).toEqual([4, 4, 0])
})

test('an absent file is a good answer; a refused call counts as failed, and its error is the one of the volume', async () => {
  const { volume, read, write } = measured()
  expect(await volume.read('none', 0, 10)).toBeUndefined()
  await expect(volume.read('../out', 0, 10)).rejects.toMatchObject({ code: 'volume.path' })
  expect([read.ok, read.failed]).toEqual([1, 1])
  expect(await volume.openSegment('a/segment')).toBeDefined()
  expect(await volume.openSegment('a/segment')).toBeUndefined()
  expect([write.ok, write.failed]).toEqual([2, 0])
})

test('whether it is healthy is asked of the volume at each time', async () => {
  const inner = createInlineVolume({ root: aFolder() })
  const volume = measureVolume(inner, { read: someCounts(), write: someCounts() })
  expect(volume.healthy).toBe(true)
  await volume.close()
  expect(volume.healthy).toBe(false)
})
