import type { Forest } from './engine.ts'

/** What a feature did to a score. */
export interface Contribution {
  feature: number
  /** Expected depth that the feature's splits took away, in levels: positive made the record easier to isolate. */
  drop: number
  /** Its part of all drops that spoke against the record, 0...1. */
  share: number
}

/**
 * Where a score comes from: the difference of expected depth along each path, added up by the feature that was split
 * on. The drops add up to the difference between the depth of a typical record and of this one. For a forest that does not tell its paths,
 * |z| takes the drops' place. Largest first; features that were not measured and those that spoke for it are left out.
 */
export function contributions(forest: Forest | undefined, row: Float32Array, missing: number): Contribution[] {
  const drops = forest?.drops(row) ?? Float64Array.from(row, Math.abs)
  const found: Contribution[] = []
  let total = 0
  drops.forEach((drop, feature) => {
    if (drop <= 0 || (missing & (1 << feature)) !== 0) return
    total += drop
    found.push({ feature, drop, share: 0 })
  })
  for (const contribution of found) contribution.share = contribution.drop / total
  return found.sort((a, b) => b.drop - a.drop || a.feature - b.feature)
}
