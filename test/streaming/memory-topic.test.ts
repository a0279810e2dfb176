import { expect, it } from 'vitest'
import { MemoryTopic } from '../../streaming/memory-topic.ts'
import { someRecords } from '../contracts/bus.contract.ts'

function aGroup(places: number[]) {
  return { committed: (partition: number) => places[partition] ?? 0 }
}

it('keeps a record until the slowest group has committed it, and offsets go on', async () => {
  const topic = new MemoryTopic('t', 1, 'i')
  const [slow, fast] = [[0], [0]]
  topic.join(aGroup(slow), () => {})
  topic.join(aGroup(fast), () => {})
  const published = topic.publish(someRecords(0, 5))
  fast[0] = 5
  topic.settle()
  expect(topic.ranges()).toEqual([{ partition: 0, first: 0, next: 5 }])
  slow[0] = 3
  topic.settle()
  expect(topic.ranges()).toEqual([{ partition: 0, first: 3, next: 5 }])
  expect(topic.read(0, 3, 10).map(({ offset, value }) => [offset, String(value)])).toEqual([
    [3, 'v3'],
    [4, 'v4'],
  ])
  slow[0] = 5
  topic.settle()
  expect(await published).toEqual([{ partition: 0, offset: 4 }])
  void topic.publish(someRecords(0, 1)).catch(() => {})
  expect(topic.ranges()).toEqual([{ partition: 0, first: 5, next: 6 }])
})

it('a publish of nothing is done at once', async () => {
  expect(await new MemoryTopic('t', 1, 'i').publish([])).toEqual([])
})

it('wakes its readers when records have come', () => {
  const topic = new MemoryTopic('t', 1, 'i')
  let woken = 0
  topic.join(aGroup([]), () => {
    woken += 1
  })
  void topic.publish(someRecords(0, 3)).catch(() => {})
  expect(woken).toBe(1)
})
