import { describe, expect, it } from 'vitest'
import { createModel } from '../../simulator/model.ts'
import { aScenario } from '../support/world.ts'

describe('the model of a scenario', () => {
  it('joins every site to every other, each link with random streams of its own', () => {
    const { links } = createModel(aScenario(), 7)
    expect(links.map((link) => link.key)).toEqual([
      'SITE_A>SITE_B',
      'SITE_A>SITE_C',
      'SITE_B>SITE_A',
      'SITE_B>SITE_C',
      'SITE_C>SITE_A',
      'SITE_C>SITE_B',
    ])
    expect(new Set(links.flatMap((link) => [link.arrivalsSeed.join(), link.filesSeed.join()])).size).toBe(12)
  })

  it('gives a link the same chances whatever other links there are', () => {
    const many = createModel(aScenario(), 7).links[0]
    const one = createModel(aScenario('links: [{ source: SITE_A, destination: SITE_B }]'), 7).links[0]
    expect(one).toEqual(many)
  })

  it('lets the links differ by the variety of the scenario, and not at all without it', () => {
    const speeds = (yaml: string) => new Set(createModel(aScenario(yaml), 7).links.map((link) => link.streamMedianMBps))
    expect(speeds('linkVariety: 0.1').size).toBe(6)
    expect([...speeds('linkVariety: 0')]).toEqual([147])
  })

  it.each([
    [0, 0],
    [0.5499, 0],
    [0.5501, 1],
    [0.9999, 1],
  ])('takes file classes in proportion to their shares: %f is class %i', (u, index) => {
    expect(createModel(aScenario(), 7).fileAt(u)).toBe(index)
  })

  it.each([
    [0, 'no_space'],
    [0.43, 'no_space'],
    [0.44, 'expired'],
    [0.999, 'protocol'],
  ])('takes causes of failure in proportion to their weights: %f is %s', (u, name) => {
    expect(createModel(aScenario(), 7).causeAt(u).class).toBe(name)
  })
})
