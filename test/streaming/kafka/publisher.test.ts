import { describe, expect, it } from 'vitest'
import type { BusRecord } from '../../../streaming/bus.ts'
import { Lane, requests, type Sender } from '../../../streaming/kafka/publisher.ts'
import { someRecords } from '../../contracts/bus.contract.ts'

class ClientError extends Error {
  readonly type: string | undefined

  constructor(name: string, type?: string) {
    super(type ?? name)
    this.name = name
    this.type = type
  }
}

/** A sender that answers from a script: an error to throw, a partition to pass over, or nothing special. */
function aSender(script: (Error | { deaf: number } | undefined)[] = []) {
  const sent: (readonly BusRecord[])[] = []
  const state = { renewals: 0, underWay: 0, most: 0, next: 0 }
  const sender: Sender = {
    async send(records) {
      state.underWay += 1
      state.most = Math.max(state.most, state.underWay)
      await new Promise((resolve) => setImmediate(resolve))
      state.underWay -= 1
      const step = script.shift()
      if (step instanceof Error) throw step
      const taken = records.filter(({ partition }) => partition !== step?.deaf)
      sent.push(taken)
      state.next += taken.length
      return [...new Set(taken.map(({ partition }) => partition))].map((partition) => ({
        partition,
        offset: state.next - 1,
      }))
    },
    renew: async () => {
      state.renewals += 1
    },
    close: async () => {},
  }
  return { sender, sent, state }
}

function aLane(sender: Sender, partitions: () => number | undefined = () => 2) {
  const missing: string[] = []
  const lane = new Lane({
    ...{ topic: 't', sender, pauseMs: 1 },
    partitions: async () => partitions(),
    onMissing: async () => {
      missing.push('t')
    },
    onTrouble: () => {},
  })
  return { lane, missing }
}

function onPartition(partition: number, count: number, call: number): BusRecord[] {
  return someRecords(partition, count, 10 * call)
}

const values = (sent: (readonly BusRecord[])[]) => sent.flat().map(({ value }) => String(value))
const upTo = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`)

describe('a lane to a topic', () => {
  it('sends calls for different partitions that wait in one request, and tells each its own end', async () => {
    const { sender, sent } = aSender()
    const { lane } = aLane(sender, () => 3)
    const calls = [0, 1, 2, 1].map((partition, i) => lane.publish(onPartition(partition, 2, i)))
    const ends = await Promise.all(calls)
    expect(sent.map((records) => records.map(({ partition }) => partition))).toEqual([
      [0, 0],
      [1, 1, 2, 2],
      [1, 1],
    ])
    expect(ends.map((own) => own.map(({ partition }) => partition))).toEqual([[0], [1], [2], [1]])
    await lane.close()
  })

  it('sends them one by one when they are refused together: only the one at fault is refused', async () => {
    const refusal = new ClientError('KafkaJSProtocolError', 'MESSAGE_TOO_LARGE')
    const { sender, sent } = aSender([undefined, refusal, undefined, refusal])
    const { lane } = aLane(sender, () => 3)
    const calls = [0, 1, 2].map((partition, i) => lane.publish(onPartition(partition, 1, i)))
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(sent.flat().map(({ partition }) => partition)).toEqual([0, 1])
    await lane.close()
  })

  it('has one request under way and keeps the order of the calls', async () => {
    const { sender, sent, state } = aSender()
    const { lane } = aLane(sender)
    await Promise.all([0, 3, 6].map((from) => lane.publish(someRecords(0, 3, from))))
    expect([values(sent), state.most]).toEqual([upTo(9), 1])
  })

  it('repeats a request unchanged under the same numbers when only patience was lost', async () => {
    const { sender, sent, state } = aSender([new ClientError('KafkaJSNumberOfRetriesExceeded')])
    const { lane } = aLane(sender)
    await lane.publish(someRecords(0, 3))
    expect([values(sent), state.renewals]).toEqual([upTo(3), 0])
  })

  it('takes fresh numbers after any other failure', async () => {
    const { sender, sent, state } = aSender([new ClientError('KafkaJSProtocolError', 'OUT_OF_ORDER_SEQUENCE_NUMBER')])
    const { lane } = aLane(sender)
    await lane.publish(someRecords(0, 3))
    expect([values(sent), state.renewals]).toEqual([upTo(3), 1])
  })

  it('refuses what the broker will never take, and goes on with the next call', async () => {
    const { sender, sent, state } = aSender([new ClientError('KafkaJSProtocolError', 'MESSAGE_TOO_LARGE')])
    const { lane } = aLane(sender)
    const refused = expect(lane.publish(someRecords(0, 1, 100))).rejects.toMatchObject({ code: 'bus.refused' })
    await lane.publish(someRecords(0, 2))
    await refused
    expect([values(sent), state.renewals]).toEqual([upTo(2), 1])
  })

  it('asks for the topic to be made when it is missing', async () => {
    const { sender, sent } = aSender([new ClientError('KafkaJSProtocolError', 'UNKNOWN_TOPIC_OR_PARTITION')])
    let asked = 0
    const { lane, missing } = aLane(sender, () => {
      asked += 1
      return asked === 1 ? undefined : 1
    })
    await lane.publish(someRecords(0, 2))
    expect([values(sent), missing]).toEqual([upTo(2), ['t', 't']])
  })

  it('begins anew with the client when the topic has grown, because that one drops what it does not know', async () => {
    const { sender, state } = aSender()
    let count = 1
    const { lane } = aLane(sender, () => count)
    await lane.publish(someRecords(0, 1))
    count = 3
    await lane.publish(someRecords(2, 1))
    expect(state.renewals).toBe(1)
    await expect(lane.publish(someRecords(3, 1))).rejects.toMatchObject({ code: 'bus.refused' })
  })

  it('sends again what the client passed over in silence', async () => {
    const { sender, sent, state } = aSender([{ deaf: 1 }])
    const { lane } = aLane(sender)
    const ends = await lane.publish([...someRecords(0, 2), ...someRecords(1, 2)])
    expect(ends.map(({ partition }) => partition)).toEqual([0, 1])
    expect([sent.map((records) => records.length), state.renewals]).toEqual([[2, 2], 1])
  })

  it('refuses what is not under way when it closes', async () => {
    const { sender } = aSender()
    const { lane } = aLane(sender)
    const first = lane.publish(someRecords(0, 1))
    const second = expect(lane.publish(someRecords(0, 1, 1))).rejects.toMatchObject({ code: 'bus.closed' })
    await lane.close()
    expect(await first).toHaveLength(1)
    await second
    await expect(lane.publish(someRecords(0, 1))).rejects.toMatchObject({ code: 'bus.closed' })
  })
})

describe('requests', () => {
  const sized = (bytes: number) => someRecords(0, 1).map((record) => ({ ...record, value: Buffer.alloc(bytes) }))
  const cases: [name: string, records: BusRecord[], lengths: number[]][] = [
    ['none for nothing', [], []],
    ['as many records as fit', someRecords(0, 1000), [1000]],
    ['one record more', someRecords(0, 1001), [1000, 1]],
    ['as many bytes as fit', [...sized(262_144 - 256), ...sized(262_144 - 256)], [2]],
    ['one byte more', [...sized(262_144 - 256), ...sized(262_144 - 255)], [1, 1]],
    ['a huge record alone', [...sized(10), ...sized(10_000_000), ...sized(10)], [1, 1, 1]],
  ]
  it.each(cases)('%s', (_, records, lengths) => {
    const parts = requests(records)
    expect(parts.map(({ length }) => length)).toEqual(lengths)
    expect(parts.flat()).toEqual(records)
  })
})
