import { limitsSuite } from '../support/limits-suite.ts'

limitsSuite(Number(process.env.DTMS_LIMITS_MINUTES ?? 10))
