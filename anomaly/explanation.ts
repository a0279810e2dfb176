import type { Reason } from '../lib/streams/anomalies.ts'
import type { Observation } from './features.ts'
import { features, toHuman } from './measurement.ts'
import type { Contribution } from './path-explanation.ts'

const TOP = 3
/** What explains less of the score than this is left unsaid, unless it is the first. */
const LEAST_SHARE = 0.1

/** The middle four fifths of a normal distribution, in standard deviations: what people are told is usual. */
export const USUAL_Z = 1.2816

/** The strongest reasons in a person's units, against the usual range of that link (and, for the rate, of that size). */
export function toReasons(observation: Observation, found: readonly Contribution[]): Reason[] {
  const worthSaying = found.slice(0, TOP).filter(({ share }, i) => i === 0 || share >= LEAST_SHARE)
  return worthSaying.map(({ feature, share }) => {
    const value = observation.value[feature] as number
    const center = observation.center[feature] as number
    const spread = USUAL_Z * (observation.scale[feature] as number)
    const plain = (x: number): number =>
      (observation.offset[feature] as number) + (observation.unit[feature] as number) * x
    const human = (x: number): number => tidy(toHuman(feature, plain(x), observation.lossRatio))
    return {
      feature: features[feature]?.name ?? String(feature),
      value: human(value),
      unit: features[feature]?.unit ?? '',
      usualLow: human(center - spread),
      usualHigh: human(center + spread),
      direction: value >= center ? 'high' : 'low',
      z: tidy(observation.z[feature] as number),
      share: tidy(share),
    }
  })
}

/** "rate 3.1 MB/s, usually 19–24, z −6.2: 71 % of the score; ..." */
export function toSentence(reasons: readonly Reason[]): string {
  return reasons.map(toClause).join('; ')
}

function toClause({ feature, value, unit, usualLow, usualHigh, z, share }: Reason): string {
  const low = people(usualLow)
  const high = people(usualHigh)
  const usual = low === high ? low : `${low}–${high}`
  return `${feature} ${people(value)} ${unit}, usually ${usual}, z ${people(z)}: ${Math.round(100 * share)} % of the score`
}

/** Two significant digits, thousands as they are, a real minus sign. */
export function people(value: number): string {
  const size = Math.abs(value)
  const text = size >= 100 ? Math.round(size).toString() : Number(size.toPrecision(2)).toString()
  return value < 0 && text !== '0' ? `−${text}` : text
}

/** Six significant digits are more than anybody reads, and keep the lines of the log short. */
function tidy(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : 0
}
