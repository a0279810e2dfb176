import { describe, expect, it, onTestFinished } from 'vitest'
import { followLog } from '../../../lib/log/follow.ts'
import type { TailBatch, Tailer } from '../../../lib/log/log.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { eventually } from '../../support/builders.ts'

const nothing: TailBatch<string> = { entries: [], gaps: [], damaged: [], repeated: 0, caughtUp: true }

function entry(value: string, caughtUp = true): TailBatch<string> {
  return { ...nothing, entries: [{ writer: 'W', seq: 1, at: 0, value }], caughtUp }
}

/** A tailer that answers with these batches in turn (an error is thrown), then with nothing. */
function aScript(steps: (TailBatch<string> | Error)[]): Tailer<string> & { polls: number } {
  const tailer = {
    polls: 0,
    async poll() {
      tailer.polls += 1
      const step = steps.shift() ?? nothing
      if (step instanceof Error) throw step
      return step
    },
    positions: () => new Map(),
    lagBytes: () => 0,
    stats: () => ({ entries: 0, repeated: 0, missing: 0, damaged: new Map() }),
  }
  return tailer
}

function follow(tailer: Tailer<string>, onBatch: (batch: TailBatch<string>) => Promise<void> | void) {
  const follower = followLog({ tailer, pollMs: 1, onBatch, logger: silentLogger })
  onTestFinished(() => follower.stop())
  return follower
}

describe('following a log', () => {
  it('hands over what there is, and the first end even when nothing is there', async () => {
    const seen: string[][] = []
    const follower = follow(aScript([entry('a', false), entry('b', false), nothing, nothing, entry('c')]), (batch) => {
      seen.push(batch.entries.map(({ value }) => value))
    })
    await follower.firstPass
    expect(seen).toEqual([['a'], ['b'], []])
    await eventually(() => seen.length === 4)
    expect(seen[3]).toEqual(['c'])
    expect(follower.healthy).toBe(true)
    expect(follower.lastPollAt).toBeGreaterThan(0)
  })

  it('goes on after a failed poll, and says so meanwhile', async () => {
    const seen: string[] = []
    const states: boolean[] = []
    const tailer = aScript([new Error('one'), new Error('two'), entry('a')])
    const follower = follow(tailer, (batch) => {
      states.push(follower.healthy)
      seen.push(...batch.entries.map(({ value }) => value))
    })
    await follower.firstPass
    expect({ seen, states, polls: tailer.polls }).toEqual({ seen: ['a'], states: [false], polls: 3 })
    expect(follower.healthy).toBe(true)
  })

  it('hands the same batch over again until it is handled', async () => {
    const seen: string[] = []
    const tailer = aScript([entry('a'), entry('b')])
    const follower = follow(tailer, (batch) => {
      seen.push(...batch.entries.map(({ value }) => value))
      if (seen.length < 3) throw new Error('cannot save')
    })
    await eventually(() => seen.length === 4)
    expect(seen).toEqual(['a', 'a', 'a', 'b'])
    await follower.stop()
  })

  it('ends its turn before it stops, and stops twice', async () => {
    let handled = false
    const follower = follow(aScript([entry('a')]), async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      handled = true
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    await follower.stop()
    await follower.stop()
    expect(handled).toBe(true)
  })
})
