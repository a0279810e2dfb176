import { expect, test } from 'vitest'
import { ModelStore } from '../../anomaly/model-store.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder } from '../support/builders.ts'

test('models are kept by the number of their fit, and only those that a checkpoint still needs', async () => {
  const volume = createInlineVolume({ root: aFolder() })
  const store = new ModelStore(volume)
  await store.keepOnly(new Set([1]))
  for (const fit of [1, 2, 3]) await store.save(fit, Buffer.from([fit]))
  await volume.replace('models/anomaly/notes.txt', Buffer.from('mine'))
  await store.keepOnly(new Set([2, 3, 9]))
  expect(await volume.list('models/anomaly')).toEqual(['forest-000002.bin', 'forest-000003.bin', 'notes.txt'])
  expect(await store.load(3)).toEqual(Buffer.from([3]))
  expect(await store.load(1)).toBeUndefined()
})
