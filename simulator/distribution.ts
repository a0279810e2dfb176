/** A point of an inverse distribution function: `[probability, value]`, values above zero. */
export type QuantilePoint = readonly [probability: number, value: number]

/**
 * The value below which a share `u` of everything lies, log-linear between the listed quantiles.
 *
 * The listed quantiles themselves are met exactly; no fitted curve (a log-normal, say) reproduces all of them.
 * `points` ascend in both coordinates, from probability 0 to probability 1.
 */
export function inverseDistribution(points: readonly QuantilePoint[], u: number): number {
  for (let i = 1; i < points.length; i += 1) {
    const [high, highValue] = points[i] as QuantilePoint
    if (u > high && i < points.length - 1) continue
    const [low, lowValue] = points[i - 1] as QuantilePoint
    const part = (u - low) / (high - low)
    return lowValue * (highValue / lowValue) ** part
  }
  return points[0]?.[1] ?? 0
}
