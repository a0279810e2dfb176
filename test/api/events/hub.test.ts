import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { EventHub, MOST_BUFFERED_BYTES } from '../../../api/events/hub.ts'
import { EventRing } from '../../../api/events/ring.ts'
import { eventually } from '../../support/builders.ts'

/** A connection that takes what it gets, or nothing until it is opened. */
class Listener extends Writable {
  text = ''
  #waiting: (() => void)[] = []
  #stalled: boolean

  constructor(stalled = false) {
    super({ highWaterMark: 16_384 })
    this.#stalled = stalled
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    if (this.#stalled) this.#waiting.push(done)
    else done()
  }

  open(): void {
    this.#stalled = false
    for (const done of this.#waiting.splice(0)) done()
  }

  get events(): string[] {
    return [...this.text.matchAll(/^id: (\S+)\nevent: (\S+)/gm)].map(([, id, type]) => `${id} ${type}`)
  }
}

function aHub(options: { capacity?: number; heartbeatMs?: number; mostClients?: number } = {}) {
  const ring = new EventRing(1000, options.capacity ?? 100)
  let dropped = 0
  const hub = new EventHub(ring, {
    ...options,
    onDropped: () => {
      dropped += 1
    },
  })
  return { hub, ring, dropped: () => dropped }
}

describe('the hub', () => {
  test('sends what happens from now on, of the types that were asked for', async () => {
    const { hub } = aHub()
    const [every, some] = [new Listener(), new Listener()]
    hub.publish('transfer', 0)
    hub.connect(every)
    hub.connect(some, new Set(['anomaly']))
    hub.publish('transfer', 1)
    hub.publish('anomaly', 2)
    await eventually(() => every.events.length === 2)
    expect(every.events).toEqual(['1000-2 transfer', '1000-3 anomaly'])
    expect(some.events).toEqual(['1000-3 anomaly'])
    expect(some.text).toContain('retry: 2000\nid: 1000-1\n')
    hub.close()
  })

  test('sends a returning client exactly what it missed', async () => {
    const { hub } = aHub()
    for (let i = 1; i <= 5; i += 1) hub.publish('transfer', i)
    const listener = new Listener()
    hub.connect(listener, undefined, '1000-3')
    hub.publish('transfer', 6)
    await eventually(() => listener.events.length === 3)
    expect(listener.events).toEqual(['1000-4 transfer', '1000-5 transfer', '1000-6 transfer'])
    hub.close()
  })

  test.each([
    ['2000-1', 'unknown'],
    ['1000-1', 'too-old'],
  ])('tells a client that last saw %s to start over: %s', async (id, reason) => {
    const { hub } = aHub({ capacity: 2 })
    for (let i = 1; i <= 5; i += 1) hub.publish('transfer', i)
    const listener = new Listener()
    hub.connect(listener, undefined, id)
    hub.publish('transfer', 6)
    await eventually(() => listener.events.length === 2)
    expect(listener.events).toEqual(['1000-5 reset', '1000-6 transfer'])
    expect(listener.text).toContain(`data: {"reason":"${reason}"}`)
    hub.close()
  })

  test('cuts off a client that lets more than 256 KiB wait, and no other', async () => {
    const { hub, dropped } = aHub({ capacity: 1000 })
    const [slow, quick] = [new Listener(true), new Listener()]
    hub.connect(slow)
    hub.connect(quick)
    const data = 'x'.repeat(10_000)
    for (let i = 1; i <= 26; i += 1) hub.publish('transfer', data)
    expect([slow.destroyed, dropped()]).toEqual([false, 0])
    expect(slow.writableLength).toBeLessThan(MOST_BUFFERED_BYTES)
    hub.publish('transfer', data)
    expect([slow.destroyed, dropped(), hub.clients]).toEqual([true, 1, 1])
    await eventually(() => quick.events.length === 27)
    hub.close()
  })

  test('replays a long absence as fast as the client reads, however long it is', async () => {
    const { hub, dropped } = aHub({ capacity: 1000 })
    const data = 'x'.repeat(10_000)
    for (let i = 1; i <= 200; i += 1) hub.publish('transfer', data)
    const listener = new Listener(true)
    hub.connect(listener, undefined, '1000-0')
    expect(listener.writableLength).toBeLessThan(MOST_BUFFERED_BYTES)
    hub.publish('transfer', data)
    listener.open()
    await eventually(() => listener.events.length === 201)
    hub.publish('anomaly', data)
    await eventually(() => listener.events.length === 202)
    expect(listener.events.at(-1)).toBe('1000-202 anomaly')
    expect(dropped()).toBe(0)
    hub.close()
  })

  test('gives up a replay that stands still', async () => {
    const { hub, dropped } = aHub({ capacity: 1000, heartbeatMs: 10 })
    for (let i = 1; i <= 50; i += 1) hub.publish('transfer', 'x'.repeat(10_000))
    const listener = new Listener(true)
    hub.connect(listener, undefined, '1000-0')
    await eventually(() => listener.destroyed)
    expect(dropped()).toBe(1)
    hub.close()
  })

  test('beats while nothing happens and tells the newest id', async () => {
    const { hub } = aHub({ heartbeatMs: 10 })
    const listener = new Listener()
    hub.connect(listener, new Set(['anomaly']))
    hub.publish('transfer', 1)
    await eventually(() => listener.text.includes(': heartbeat\nid: 1000-1\n\n'))
    hub.close()
  })

  test('says when it is full, and forgets clients that have gone', async () => {
    const { hub } = aHub({ mostClients: 1 })
    const listener = new Listener()
    expect(hub.full).toBe(false)
    hub.connect(listener)
    expect(hub.full).toBe(true)
    listener.destroy()
    await eventually(() => !hub.full)
    hub.close()
  })

  test('ends every connection when it closes', async () => {
    const { hub } = aHub()
    const listener = new Listener()
    hub.connect(listener)
    hub.close()
    await eventually(() => listener.writableFinished)
    expect(hub.clients).toBe(0)
  })
})
