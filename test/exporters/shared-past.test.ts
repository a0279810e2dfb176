import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadScenario } from '../../exporters/scenario-file.ts'
import { type RunningWorld, SharedPast, SLICE_SECONDS } from '../../exporters/shared-past.ts'
import type { FaultRequest } from '../../lib/streams/control.ts'
import { createWorld } from '../../simulator/world.ts'
import { NOON } from '../support/builders.ts'
import { aBrownout } from '../support/exporters.ts'

const options = { scenario: loadScenario('default').scenario, seed: 7, worldStart: NOON }
const step = (world: RunningWorld) => world.runUntil(world.now + SLICE_SECONDS)

describe('the past that several exporters share', () => {
  it('gives each the world that it would have had alone, however they take turns and where they part', () => {
    const turns = fc.array(fc.tuple(fc.nat(2), fc.constantFrom('step', 'small step', 'fault', 'save')), {
      maxLength: 24,
    })
    fc.assert(
      fc.property(turns, (actions) => {
        const past = new SharedPast(3)
        const shared = [0, 1, 2].map(() => past.join(options))
        const alone = [0, 1, 2].map(() => createWorld(options))
        let seq = 0
        for (const [who, action] of actions) {
          const [one, other] = [shared[who] as RunningWorld, alone[who] as RunningWorld]
          if (action === 'fault') {
            seq += 1
            const line: FaultRequest = { ...aBrownout(one.now + 60), v: 1, seq }
            one.apply(line)
            other.apply(line)
          } else if (action === 'save') expect(one.save()).toEqual(other.save())
          else {
            const until = one.now + (action === 'step' ? SLICE_SECONDS : 7.5)
            expect(one.runUntil(until)).toEqual(other.runUntil(until))
          }
          expect(one.now).toBe(other.now)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('runs the world once and holds only what somebody has yet to get', () => {
    const past = new SharedPast(2)
    const first = past.join(options)
    const outputs = [step(first), step(first)]
    expect(past.held).toBe(2)
    const second = past.join(options)
    expect(step(second)).toBe(outputs[0])
    expect(past.held).toBe(1)
    expect(step(second)).toBe(outputs[1])
    expect(past.held).toBe(0)
  })

  it('waits for nobody who starts from a saved state or went another way', () => {
    const past = new SharedPast(3)
    const first = past.join(options)
    const second = past.join(options)
    step(first)
    step(first)
    past.pass()
    expect(past.held).toBe(2)
    second.runUntil(NOON + 1)
    expect(past.held).toBe(0)
  })
})
