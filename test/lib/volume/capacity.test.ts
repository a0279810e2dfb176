import { expect, test } from 'vitest'
import { type Capacity, CapacityWatch } from '../../../lib/volume/capacity.ts'

function aWatch() {
  const asked: { resolve: (answer: Capacity) => void; reject: (error: Error) => void }[] = []
  const clock = { ms: 0 }
  const volume = { capacity: () => new Promise<Capacity>((resolve, reject) => asked.push({ resolve, reject })) }
  const watch = new CapacityWatch(volume, () => clock.ms)
  return { asked, clock, watch, settled: () => new Promise((resolve) => setImmediate(resolve)) }
}

const capacity = (availableBytes: number): Capacity => ({ totalBytes: 100, availableBytes })

test('nobody waits: the first answer is shown from then on', async () => {
  const { asked, watch, settled } = aWatch()
  expect(watch.now()).toBeUndefined()
  asked[0]?.resolve(capacity(60))
  await settled()
  expect(watch.now()).toEqual(capacity(60))
})

test('it is asked again after 10 seconds, not before, and never twice at once', async () => {
  const { asked, clock, watch, settled } = aWatch()
  watch.now()
  asked[0]?.resolve(capacity(60))
  await settled()
  clock.ms = 9999
  watch.now()
  expect(asked).toHaveLength(1)
  clock.ms = 10_000
  watch.now()
  expect(asked).toHaveLength(2)
  // A volume that hangs is not asked by every scrape.
  clock.ms = 60_000
  expect(watch.now()).toEqual(capacity(60))
  expect(asked).toHaveLength(2)
})

test('a volume that does not answer has no capacity, until it answers again', async () => {
  const { asked, clock, watch, settled } = aWatch()
  watch.now()
  asked[0]?.resolve(capacity(60))
  await settled()
  clock.ms = 10_000
  watch.now()
  asked[1]?.reject(new Error('stalled'))
  await settled()
  expect(watch.now()).toBeUndefined()
  clock.ms = 20_000
  watch.now()
  asked[2]?.resolve(capacity(50))
  await settled()
  expect(watch.now()).toEqual(capacity(50))
})
