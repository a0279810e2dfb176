import { Random } from '../lib/random.ts'
import type { FileClass, LinkModel } from './model.ts'

/** A file that somebody wants sent over a link: plain data, part of the saved world. */
export interface Request {
  /** n-th request of its link, from 1. */
  number: number
  /** 1 for the first try. */
  attempt: number
  /** Index of the file class in the scenario. */
  file: number
  sizeBytes: number
  /** 32 bits from which every chance of its attempts follows. */
  luck: number
  /** When this attempt entered the queue, milliseconds. */
  queuedMs: number
}

/** What chance has in store for an attempt, before the state of the link has its say. */
export interface AttemptPlan {
  /** Time without bytes when the link is at its best, seconds. */
  setupSeconds: number
  /** Speed when the link has room and is at its best, MB/s. */
  streamMBps: number
  /** Uniform; below the share of failures, the attempt is to fail. */
  failureDraw: number
  /** Uniform; picks the cause among the mix. */
  causeDraw: number
  /** Uniform; how far into its phase a failure strikes. */
  place: number
  /** Uniform; below the share of a fault's failures, the fault fails it. */
  faultDraw: number
  /** Standard normals for the transport counters. */
  lossNormal: number
  rttNormal: number
}

/**
 * Chance belongs to the attempt and not to the moment: the same request has the same luck whatever happens around it,
 * so that a world with a fault and its twin without differ by the fault alone.
 */
export function planAttempt(request: Request, file: FileClass, link: LinkModel): AttemptPlan {
  const random = attemptRandom(request.luck, request.attempt)
  return {
    setupSeconds: file.setup.medianSeconds * link.spec.setupFactor * Math.exp(file.setup.spread * random.normal()),
    streamMBps: Math.min(
      link.spec.stream.maxMBps,
      link.streamMedianMBps * Math.exp(link.spec.stream.spread * random.normal()),
    ),
    failureDraw: random.next(),
    causeDraw: random.next(),
    place: random.next(),
    faultDraw: random.next(),
    lossNormal: random.normal(),
    rttNormal: random.normal(),
  }
}

/** Spreads 32 bits and the number of the attempt over a whole state (splitmix32: Steele, Lea, Flood, OOPSLA 2014). */
function attemptRandom(luck: number, attempt: number): Random {
  let word = (luck + Math.imul(attempt, 0x85ebca6b)) | 0
  const next = () => {
    word = (word + 0x9e3779b9) | 0
    let mixed = word ^ (word >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  return new Random([next(), next(), next(), next()])
}
