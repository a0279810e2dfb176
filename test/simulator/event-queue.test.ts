import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../simulator/event-queue.ts'

function drain<E>(queue: EventQueue<E>): E[] {
  const events: E[] = []
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) events.push(next.event)
  return events
}

describe('the event queue', () => {
  it('orders by time, then priority, then the order of scheduling', () => {
    const queue = new EventQueue<string>()
    queue.schedule(20, 1, 'later')
    queue.schedule(10, 2, 'low')
    queue.schedule(10, 1, 'first')
    queue.schedule(10, 1, 'second')
    queue.schedule(9, 3, 'earliest')
    expect(queue.nextAt()).toBe(9)
    expect(drain(queue)).toEqual(['earliest', 'first', 'second', 'low', 'later'])
  })

  it('has no next instant when it is empty', () => {
    const queue = new EventQueue<string>()
    expect(queue.nextAt()).toBeUndefined()
    expect(queue.pop()).toBeUndefined()
  })

  it('gives the sorted order for any events, saved and restored at any point', () => {
    const event = fc.tuple(fc.nat(20), fc.nat(3))
    fc.assert(
      fc.property(fc.array(event), fc.array(event), fc.nat(10), (early, late, popped) => {
        const fill = (queue: EventQueue<[number, number]>, events: [number, number][]) => {
          for (const [at, priority] of events) queue.schedule(at, priority, [at, priority])
        }
        const through = new EventQueue<[number, number]>()
        fill(through, early)
        for (let i = 0; i < popped; i += 1) through.pop()
        const saved = JSON.parse(JSON.stringify(through.save(() => true)))
        const resumed = new EventQueue<[number, number]>(saved)
        fill(through, late)
        fill(resumed, late)
        const order = drain(through)
        expect(drain(resumed)).toEqual(order)
        expect(order).toEqual(order.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]))
      }),
    )
  })

  it('leaves void events out of what it saves', () => {
    const queue = new EventQueue<string>()
    queue.schedule(1, 1, 'void')
    queue.schedule(2, 1, 'kept')
    expect(queue.save((event) => event !== 'void').entries.map((entry) => entry.event)).toEqual(['kept'])
  })
})
