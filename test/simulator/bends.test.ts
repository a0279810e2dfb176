import { describe, expect, it } from 'vitest'
import { combine, straight } from '../../simulator/bends.ts'

describe('bends of one link', () => {
  it('change nothing when there are none', () => {
    expect(combine([])).toBe(straight)
    expect(combine([{}])).toEqual(straight)
  })

  it('multiply their factors and add up what they forbid', () => {
    expect(
      combine([
        { speed: 0.5, rtt: 2 },
        { speed: 0.5, setup: 3, stopped: true },
        { held: true, loss: 10 },
      ]),
    ).toEqual({
      speed: 0.25,
      setup: 3,
      loss: 10,
      rtt: 2,
      fail: [],
      stopped: true,
      held: true,
    })
  })

  it('keep every way of failing, in order', () => {
    const full = { scope: 'destination', class: 'no_space', share: 0.5 } as const
    const down = { scope: 'source', class: 'unavailable', share: 0.2 } as const
    expect(combine([{ fail: full }, { fail: down }]).fail).toEqual([full, down])
  })
})
