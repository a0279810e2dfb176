import { type LinkKey, linkKey } from '../lib/names.ts'
import { createRandom, type RandomState } from '../lib/random.ts'
import type { FailureCause } from './failures.ts'
import { createRhythm } from './rhythm.ts'
import type { LinkSpec, Scenario } from './scenario.ts'

export type FileClass = Scenario['files'][number]

/** What never changes about a link of this scenario and seed. */
export interface LinkModel {
  index: number
  key: LinkKey
  spec: LinkSpec
  streamMedianMBps: number
  rttSeconds: number
  /** Where its random streams begin. */
  arrivalsSeed: RandomState
  filesSeed: RandomState
}

/** A scenario made ready to run: everything that follows from scenario and seed and never changes. */
export interface Model {
  scenario: Scenario
  seed: number
  links: readonly LinkModel[]
  /** Factor on the mean rate of arrivals at an instant (Unix seconds). */
  rhythm(seconds: number): number
  /** The file class that a uniform number stands for, as an index. */
  fileAt(u: number): number
  causeAt(u: number): FailureCause
}

export function createModel(scenario: Scenario, seed: number): Model {
  const links = scenario.links.map((spec, index): LinkModel => {
    const named = (stream: string) => createRandom(seed, 'link', spec.source, spec.destination, stream)
    const variety = named('variety')
    return {
      index,
      key: linkKey(spec.source, spec.destination),
      spec,
      streamMedianMBps: spec.stream.medianMBps * Math.exp(scenario.linkVariety * variety.normal()),
      rttSeconds: spec.rttSeconds * Math.exp(scenario.linkVariety * variety.normal()),
      arrivalsSeed: named('arrivals').state(),
      filesSeed: named('files').state(),
    }
  })
  const fileAt = weightedIndex(scenario.files.map((file) => file.share))
  const mixAt = weightedIndex(scenario.failures.mix.map((cause) => cause.weight))
  return {
    scenario,
    seed,
    links,
    rhythm: createRhythm(scenario.rhythm),
    fileAt,
    causeAt: (u) => scenario.failures.mix[mixAt(u)] as FailureCause,
  }
}

/** Maps a uniform number to an index, in proportion to the weights. */
function weightedIndex(weights: readonly number[]): (u: number) => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  const limits = weights.map((weight) => {
    sum += weight
    return sum / total
  })
  return (u) => {
    const index = limits.findIndex((limit) => u < limit)
    return index < 0 ? weights.length - 1 : index
  }
}
