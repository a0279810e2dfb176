/** Wall seconds that exporters may take to write the past of a new world. */
const PAST_SECONDS = 10

/** What is known of a world: the instant up to which its past was written in one go, and how fast it runs since. */
export interface CreatedWorld {
  backfillUntil: number
  /** World seconds per wall second; 0 for one that is only looked at. */
  speed: number
}

/**
 * The instant from which silence in a world is news: while its past is being written the newest record is hours old, and
 * nobody is silent. Undefined without a running world: imported logs and finished simulations end where they end.
 */
export function newsBegins(world: CreatedWorld | undefined): number | undefined {
  if (world === undefined || world.speed <= 0) return undefined
  return world.backfillUntil + PAST_SECONDS * world.speed
}
