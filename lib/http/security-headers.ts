import type { RequestHandler } from 'express'
import helmet from 'helmet'

export interface PolicyExceptions {
  /** Sources added to the styles (Redoc writes its styles into the page). */
  styles?: readonly string[]
  /** Sources that workers may come from (Redoc's search). */
  workers?: readonly string[]
}

/**
 * Everything comes from this server and nothing runs inline. HSTS and https upgrades are left to whoever stands before it
 * under a public name: this server may speak plain HTTP and must stay reachable.
 */
export function securityHeaders(exceptions: PolicyExceptions = {}): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", ...(exceptions.styles ?? [])],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        ...(exceptions.workers === undefined ? {} : { workerSrc: [...exceptions.workers] }),
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
}
