/**
 * Running moments of pairs, kept as means and centred products (Welford 1962; for two variables Bennett et al., IEEE
 * Cluster 2009): plain sums of squares lose all digits when bytes per second near 1e9 vary by a few.
 */
export class PairMoments {
  #count = 0
  #meanX = 0
  #meanY = 0
  #squareX = 0
  #squareY = 0
  #product = 0

  add(x: number, y: number): void {
    this.#count += 1
    const dx = x - this.#meanX
    const dy = y - this.#meanY
    this.#meanX += dx / this.#count
    this.#meanY += dy / this.#count
    this.#squareX += dx * (x - this.#meanX)
    this.#squareY += dy * (y - this.#meanY)
    this.#product += dx * (y - this.#meanY)
  }

  get count(): number {
    return this.#count
  }

  /** Pearson's coefficient in [-1, 1]; undefined with fewer than three pairs or when one side never changes. */
  coefficient(): number | undefined {
    if (this.#count < 3 || !(this.#squareX > 0) || !(this.#squareY > 0)) return undefined
    const r = this.#product / (Math.sqrt(this.#squareX) * Math.sqrt(this.#squareY))
    return Math.max(-1, Math.min(1, r))
  }
}

/**
 * Number of independent pairs that `pairs` autocorrelated ones are worth: n / (1 + 2 sum (1 - k/n) rx(k) ry(k))
 * (Bartlett 1935; Pyper and Peterman, Can. J. Fish. Aquat. Sci. 55, 1998, eq. 1). Never more than n, at least 2.
 *
 * Both series are by minute, NaN where there is no pair; `lags` is how far the memory is followed.
 */
export function effectivePairs(xs: ArrayLike<number>, ys: ArrayLike<number>, lags: number): number {
  const [x, y] = [centred(xs), centred(ys)]
  const n = x.count
  let sum = 0
  for (let k = 1; k <= Math.min(lags, Math.floor(n / 5)); k += 1) {
    sum += (1 - k / n) * autocorrelation(x, k) * autocorrelation(y, k)
  }
  return Math.max(2, Math.min(n, n / (1 + 2 * Math.max(0, sum))))
}

interface Centred {
  values: Float64Array
  count: number
  variance: number
}

function centred(series: ArrayLike<number>): Centred {
  let count = 0
  let sum = 0
  for (let i = 0; i < series.length; i += 1) {
    const value = series[i] as number
    if (Number.isNaN(value)) continue
    count += 1
    sum += value
  }
  const mean = sum / Math.max(1, count)
  const values = new Float64Array(series.length)
  let square = 0
  for (let i = 0; i < series.length; i += 1) {
    const value = (series[i] as number) - mean
    values[i] = value
    if (!Number.isNaN(value)) square += value * value
  }
  return { values, count, variance: square / Math.max(1, count) }
}

function autocorrelation(series: Centred, k: number): number {
  const { values } = series
  let count = 0
  let sum = 0
  for (let i = k; i < values.length; i += 1) {
    const product = (values[i] as number) * (values[i - k] as number)
    if (Number.isNaN(product)) continue
    count += 1
    sum += product
  }
  return count === 0 || series.variance === 0 ? 0 : sum / count / series.variance
}

/** Two-sided p of a Pearson coefficient from `pairs` independent pairs (t-test); undefined with two or fewer. */
export function correlationP(coefficient: number, pairs: number): number | undefined {
  const freedom = pairs - 2
  if (!(freedom > 0)) return undefined
  // 1 - r^2 = df / (df + t^2): the beta argument without the detour over t, exact also for |r| near 1.
  return incompleteBeta((1 - coefficient) * (1 + coefficient), freedom / 2, 0.5)
}

/** Two-sided p of Student's t (Abramowitz and Stegun 26.7.1 with 26.5.27). */
export function studentP(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
}

/** p after having looked `looks` times (Bonferroni): never less than the truth, however the looks hang together. */
export function bonferroni(p: number, looks: number): number {
  return Math.min(1, p * looks)
}

/**
 * Regularised incomplete beta function I_x(a, b): the continued fraction of DLMF 8.17.22, evaluated by the modified
 * Lentz method, on whichever side of x = (a + 1) / (a + b + 2) it converges fast.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(x > 0)) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  if (x < (a + 1) / (a + b + 2)) return Math.min(1, (front * betaFraction(x, a, b)) / a)
  return Math.max(0, 1 - (front * betaFraction(1 - x, b, a)) / b)
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const guarded = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / guarded(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guarded(1 + even * d)
    c = guarded(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guarded(1 + odd * d)
    c = guarded(1 + odd / c)
    const step = d * c
    result *= step
    if (Math.abs(step - 1) < 1e-15) break
  }
  return result
}

/** ln(gamma(z)) for z > 0: Stirling's series (DLMF 5.11.1) after the recurrence has lifted z above 15. */
export function logGamma(z: number): number {
  let shift = 0
  let x = z
  for (; x < 15; x += 1) shift -= Math.log(x)
  const r = 1 / (x * x)
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series
}
