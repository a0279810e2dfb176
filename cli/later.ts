import { describeError } from '../lib/lifecycle.ts'
import type { Logger } from '../lib/logger.ts'
import { type Loop, startLoop } from '../lib/loop.ts'
import type { Service } from '../lib/service.ts'

/** How often it is looked whether it is time, milliseconds. */
const LOOK_MS = 100
/** Stopping wakes the loop. */
const FOREVER_MS = 2 ** 31 - 1
/** Pause before a start that failed is tried again, milliseconds. */
const RETRY_MS = 5000

/**
 * A service that begins only when others have done their first work: in one process all share two cores, and a newcomer
 * waits for the page, not for what has been counted of a past nobody watched. Until it has been ready once it is not
 * asked whether it is: being ready must not end for it.
 */
export function later(service: Service, isTime: () => boolean, logger: Logger): Service {
  let loop: Loop | undefined
  let begun = false
  let wasReady = false
  return {
    name: service.name,
    registry: service.registry,
    ...(service.failed === undefined ? {} : { failed: service.failed }),
    layers: () => service.layers?.() ?? [],
    checks() {
      if (!begun) return {}
      const checks = service.checks()
      wasReady ||= Object.values(checks).every(({ ok }) => ok)
      return wasReady ? checks : {}
    },
    async start() {
      loop ??= startLoop(
        async () => {
          if (begun) return FOREVER_MS
          if (!isTime()) return LOOK_MS
          await service.start()
          begun = true
          return FOREVER_MS
        },
        (error) => {
          logger.error('a part cannot start; trying again', { part: service.name, error: describeError(error) })
          return RETRY_MS
        },
      )
    },
    async stop() {
      await loop?.stop()
      await service.stop()
    },
  }
}
