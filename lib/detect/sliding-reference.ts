/** What the values of a sliding window are compared with; the owner keeps the values and says which one leaves. */
export interface SlidingReference {
  readonly count: number
  /** Mean or median. */
  readonly center: number
  /** Standard deviation, or what estimates it. */
  readonly scale: number
  add(value: number): void
  /** One of the values that were added. */
  remove(value: number): void
  /** Whether rounding has eaten so many digits that `renew` is due. */
  readonly worn: boolean
  /** Starts anew from the first `count` of these. */
  renew(values: ArrayLike<number>, count: number): void
}
