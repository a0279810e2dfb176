import { describe, expect, it, onTestFinished } from 'vitest'
import type { BusMessage } from '../../../streaming/bus.ts'
import { PartitionSession, type SessionHandlers } from '../../../streaming/kafka/session.ts'
import { eventually } from '../../support/builders.ts'

const place = { topic: 't', partition: 0 }

function messages(from: number, count: number): BusMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ offset: from + i, key: 'K', value: Buffer.from('v'), headers: new Map(), timestampMs: 0 },
  }))
}

function aSession(handlers: Partial<SessionHandlers> = {}, range = { partition: 0, first: 0, next: 100 }) {
  const calls: string[] = []
  const session = new PartitionSession({
    place,
    handlers: {
      onAssigned: async () => 10,
      onRecords: async (_, records) => {
        calls.push(`records ${records[0]?.offset}+${records.length}`)
      },
      onRevoked: async () => {
        calls.push('revoked')
      },
      onLost: (_, { from, to }) => calls.push(`lost ${from}..${to}`),
      ...handlers,
    },
    after: Promise.resolve(),
    holdMs: 20,
    retryMs: { first: 1, last: 1 },
    port: {
      range: async () => range,
      incarnation: async () => 'one',
      seek: (offset) => calls.push(`seek ${offset}`),
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
      recreated: () => calls.push('recreated'),
      onError: (what) => calls.push(what),
    },
  })
  onTestFinished(() => session.close())
  return { session, calls, range }
}

describe('a session of a partition', () => {
  it('is paused until restored, and then read from the place that was named', async () => {
    const { session, calls } = aSession()
    expect([calls, session.restored, await session.take({ messages: messages(10, 1), next: 11 })]).toEqual([
      ['pause'],
      false,
      undefined,
    ])
    await eventually(() => session.restored)
    expect(calls).toEqual(['pause', 'seek 10', 'resume'])
    expect(await session.take({ messages: messages(10, 5), next: 15 })).toBe(15)
    await eventually(() => session.position === 15)
    expect(calls.at(-1)).toBe('records 10+5')
  })

  it('hands the same records over again until they are handled', async () => {
    let failures = 2
    const { session, calls } = aSession({
      onRecords: async () => {
        failures -= 1
        if (failures >= 0) throw new Error('not now')
      },
    })
    await eventually(() => session.restored)
    expect(await session.take({ messages: messages(10, 5), next: 15 })).toBe(15)
    await eventually(() => session.position === 15)
    expect(calls.filter((call) => call.startsWith('records were not handled'))).toHaveLength(2)
  })

  it('lets the next batch be fetched while one is handled, and hands it on after that', async () => {
    const gates: (() => void)[] = []
    const begun: number[] = []
    const { session } = aSession({
      onRecords: (_, records) => {
        begun.push(records[0]?.offset ?? -1)
        return new Promise((resolve) => gates.push(resolve))
      },
    })
    await eventually(() => session.restored)
    expect(await session.take({ messages: messages(10, 5), next: 15 })).toBe(15)
    const second = session.take({ messages: messages(15, 5), next: 20 })
    expect([begun, session.position, await session.take({ messages: messages(15, 5), next: 20 })]).toEqual([
      [10],
      10,
      undefined,
    ])
    gates[0]?.()
    expect([await second, begun, session.position]).toEqual([20, [10, 15], 15])
    gates[1]?.()
    await eventually(() => session.position === 20)
  })

  it('pauses while a batch takes long, and goes on behind it', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { session, calls } = aSession({ onRecords: () => gate })
    await eventually(() => session.restored)
    expect(await session.take({ messages: messages(10, 5), next: 15 })).toBe(15)
    expect(await session.take({ messages: messages(15, 5), next: 20 })).toBeUndefined()
    expect([calls.at(-1), session.position]).toEqual(['pause', 10])
    release()
    await eventually(() => calls.at(-1) === 'resume')
    expect([calls.at(-2), session.position]).toEqual(['seek 15', 15])
  })

  it.each([
    ['a late answer is read again', 8, { partition: 0, first: 0, next: 100 }, 'seek 10', undefined],
    ['records removed are said to be lost', 30, { partition: 0, first: 30, next: 100 }, 'lost 10..30', 31],
    ['a hole of the log is passed', 12, { partition: 0, first: 0, next: 100 }, 'records 12+1', 13],
    ['a topic made anew is told', 0, { partition: 0, first: 0, next: 5 }, 'recreated', undefined],
  ])('compares each batch with its place: %s', async (_, first, now, call, next) => {
    const { session, calls, range } = aSession()
    await eventually(() => session.restored)
    calls.length = 0
    Object.assign(range, now)
    expect(await session.take({ messages: messages(first, 1), next: first + 1 })).toBe(next)
    expect(calls).toContain(call)
  })

  it('lets go after the call under way, and tells a restore that was overtaken', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { session, calls } = aSession({ onRecords: () => gate })
    await eventually(() => session.restored)
    expect(await session.take({ messages: messages(10, 1), next: 11 })).toBe(11)
    const closing = session.close()
    expect(calls).not.toContain('revoked')
    release()
    await closing
    expect(calls.at(-1)).toBe('revoked')
    expect(await session.take({ messages: messages(11, 1), next: 12 })).toBeUndefined()

    const aborted: boolean[] = []
    const other = aSession({
      onAssigned: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(true)
            reject(signal.reason)
          })
        }),
    })
    await new Promise((resolve) => setImmediate(resolve))
    await other.session.close()
    expect([aborted, other.calls]).toEqual([[true], ['pause', 'pause']])
  })
})
