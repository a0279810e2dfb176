/** Median absolute deviation to standard deviation of a normal distribution: 1 / Phi^-1(3/4). */
export const MAD_TO_SD = 1.482_602_218_505_602

/** Quantile of ascending values by linear interpolation (type 7, the default of R and NumPy). NaN when there are none. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const last = sorted.length - 1
  if (last < 0) return Number.NaN
  const place = Math.min(1, Math.max(0, q)) * last
  const low = Math.floor(place)
  const from = sorted[low] as number
  const to = sorted[Math.min(last, low + 1)] as number
  return from + (to - from) * (place - low)
}

/** The same of values in any order; the argument stays as it is. */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), q)
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/** Median and robust standard deviation (1.4826 times the median absolute deviation). Half of the values may be wild. */
export function medianAndScale(values: ArrayLike<number>): { median: number; scale: number } {
  return medianAndScaleOfSorted(Float64Array.from(values).sort())
}

/** Phi, the standard normal distribution function (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
export function normalCdf(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(z))
  const poly =
    t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))))
  const upper = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly
  return z >= 0 ? 1 - upper : upper
}

/** Median and robust standard deviation of ascending values, in one pass from the middle outwards and without another sort. */
export function medianAndScaleOfSorted(sorted: ArrayLike<number>): { median: number; scale: number } {
  const count = sorted.length
  const middle = quantileOfSorted(sorted, 0.5)
  let left = (count - 1) >> 1
  let right = left + 1
  // The deviations in ascending order are a merge of the two sides; the median needs the first half of them.
  let previous = 0
  let current = 0
  for (let taken = 0; taken <= count >> 1; taken += 1) {
    const below = left >= 0 ? middle - (sorted[left] as number) : Number.POSITIVE_INFINITY
    const above = right < count ? (sorted[right] as number) - middle : Number.POSITIVE_INFINITY
    previous = current
    if (below <= above) {
      current = below
      left -= 1
    } else {
      current = above
      right += 1
    }
  }
  const deviation = count % 2 === 1 ? current : (previous + current) / 2
  return { median: middle, scale: MAD_TO_SD * deviation }
}
