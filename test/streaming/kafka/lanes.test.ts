import { expect, it } from 'vitest'
import type { BusRecord, PartitionEnd } from '../../../streaming/bus.ts'
import { Lanes } from '../../../streaming/kafka/lanes.ts'
import { someRecords } from '../../contracts/bus.contract.ts'

interface Call {
  partitions: number[]
  end(answer: PartitionEnd[] | Error): void
}

function someLanes() {
  const calls: Call[][] = []
  let closed = 0
  const lanes = new Lanes(() => {
    const own: Call[] = []
    calls.push(own)
    return {
      publish: (records: readonly BusRecord[]) =>
        new Promise((resolve, reject) => {
          own.push({
            partitions: records.map(({ partition }) => partition),
            end: (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)),
          })
        }),
      close: async () => {
        closed += 1
      },
    }
  })
  return { lanes, calls, closed: () => closed }
}

it('records of a partition always go the same way, in their order, and others do not wait for them', async () => {
  const { lanes, calls } = someLanes()
  const first = lanes.publish([...someRecords(0, 1), ...someRecords(1, 2), ...someRecords(2, 1)])
  const second = lanes.publish(someRecords(1, 1))
  expect(calls.map((own) => own.map(({ partitions }) => partitions))).toEqual([[[0, 2]], [[1, 1], [1]]])
  calls[1]?.[1]?.end([{ partition: 1, offset: 2 }])
  expect(await second).toEqual([{ partition: 1, offset: 2 }])
  calls[1]?.[0]?.end([{ partition: 1, offset: 1 }])
  calls[0]?.[0]?.end([
    { partition: 2, offset: 0 },
    { partition: 0, offset: 0 },
  ])
  expect((await first).map(({ partition }) => partition)).toEqual([0, 1, 2])
})

it('a refusal is told when nothing of the call is under way any more', async () => {
  const { lanes, calls, closed } = someLanes()
  let isOver = false
  const publishing = lanes.publish([...someRecords(0, 1), ...someRecords(1, 1)]).finally(() => {
    isOver = true
  })
  calls[0]?.[0]?.end(new Error('refused'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isOver).toBe(false)
  calls[1]?.[0]?.end([{ partition: 1, offset: 0 }])
  await expect(publishing).rejects.toThrow('refused')
  await lanes.close()
  expect(closed()).toBe(2)
})
