import { describe, expect, it, onTestFinished } from 'vitest'
import { CallThread } from '../../../lib/volume/thread.ts'
import { aFolder, eventually } from '../../support/builders.ts'

/** Calls that wait while `held[0]` is 1. */
function holdable(): { callsModule: string; callsData: unknown; held: Int32Array } {
  const held = new Int32Array(new SharedArrayBuffer(8))
  const callsModule = new URL('../../support/stalling-calls.js', import.meta.url).href
  return { callsModule, callsData: { memory: held.buffer }, held }
}

function aThread(data: { root: string; callsModule?: string; callsData?: unknown }) {
  const ends: unknown[] = []
  const thread = new CallThread({ data, deadlineMs: 30_000, onStuck: () => {}, onEnd: (error) => ends.push(error) })
  onTestFinished(() => thread.end())
  return { thread, ends }
}

describe('a thread for calls', () => {
  it('answers in order', async () => {
    const { thread } = aThread({ root: aFolder() })
    const order: string[] = []
    await Promise.all([
      thread.call('replace', ['a', Buffer.from('one'), undefined]).then(() => order.push('first')),
      thread.call('replace', ['a', Buffer.from('two'), undefined]).then(() => order.push('second')),
    ])
    expect(order).toEqual(['first', 'second'])
    expect(Buffer.from((await thread.call('read', ['a', 0, 9])) ?? []).toString()).toBe('two')
  })

  it('fails its calls when it ends, and takes no more', async () => {
    const { held, ...calls } = holdable()
    const { thread, ends } = aThread({ root: aFolder(), ...calls })
    await thread.call('list', ['a'])
    held[0] = 1
    const waiting = thread.call('list', ['a'])
    const failure = expect(waiting).rejects.toMatchObject({ code: 'volume.unavailable' })
    await thread.end()
    await failure
    expect(thread.alive).toBe(false)
    expect(ends).toEqual([undefined])
    await expect(thread.call('list', ['a'])).rejects.toMatchObject({ code: 'volume.stalled' })
  })

  it('that cannot even start says why', async () => {
    const { thread, ends } = aThread({ root: aFolder(), callsModule: 'file:///nowhere.js' })
    await expect(thread.call('list', ['a'])).rejects.toMatchObject({ code: 'volume.unavailable' })
    expect(String(await eventually(() => ends[0]))).toContain('nowhere.js')
  })
})
