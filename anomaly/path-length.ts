const EULER = 0.577_215_664_901_532_9

/**
 * Mean path length of an unsuccessful search in a binary search tree of n keys: c(n) = 2 H(n-1) - 2 (n-1)/n with
 * H(i) ~ ln(i) + Euler's constant (Liu, Ting, Zhou, "Isolation Forest", ICDM 2008, equation 1); c(2) is 1 exactly.
 */
export function meanPathLength(n: number): number {
  if (n <= 1) return 0
  if (n === 2) return 1
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n
}

/** 2^(-E[h] / c(psi)): 1 for what is isolated at once, 0.5 for what is as deep as a random point, c(psi). */
export function scoreOfDepth(meanDepth: number, usualDepth: number): number {
  return 2 ** (-meanDepth / usualDepth)
}
