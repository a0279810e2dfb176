import { type Channel, channels, type ZVerdict } from '../lib/detect/zscore.ts'
import { normalCdf } from '../lib/stats/robust.ts'
import type { AnomalyLine, Reason, Severity } from '../lib/streams/anomalies.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { StreamEvent } from './event.ts'

/** The middle four fifths of a normal distribution, in standard deviations: what people are told is usual. */
const USUAL_Z = 1.2816
/** How many times the threshold is major, and critical. */
const MAJOR = 1.5
const CRITICAL = 2.5

/**
 * The line of the log for a verdict on the logarithm of a transfer's rate; `usualRate` is what is usual for its size on
 * its link, bytes per second.
 */
export function toAnomaly(event: StreamEvent, verdict: ZVerdict, usualRate: number): Entry<AnomalyLine> {
  const reason = toReason(event, verdict, usualRate)
  return {
    at: event.at,
    type: 'anomaly',
    id: `zscore-${event.id}`,
    detector: 'zscore',
    level: 'transfer',
    transferId: event.id,
    ...{ site: event.site, source: event.source, destination: event.destination },
    ...{ score: verdict.score, threshold: verdict.threshold },
    confidence: confidenceOf(verdict.height),
    severity: severityOf(verdict.score),
    why: sentences[verdict.channel](reason),
    reasons: [reason],
    ...{ sizeBytes: event.sizeBytes, bytesTransferred: event.bytes },
    ...{ durationSeconds: event.durationSeconds, status: event.status },
  }
}

/** Rate against rate; the other channels against the usual rate for the size, in percent, or as a factor. */
function toReason(event: StreamEvent, { channel, z, value, center, scale }: ZVerdict, usualRate: number): Reason {
  const factor = channel === 'level' ? usualRate / 1e6 : channel === 'spread' ? 1 : 100
  const shown = (x: number): number => tidy(factor * Math.exp(x))
  return {
    ...shownAs[channel],
    value: channel === 'level' ? tidy(event.bytes / event.durationSeconds / 1e6) : shown(value),
    usualLow: shown(center - USUAL_Z * scale),
    usualHigh: shown(center + USUAL_Z * scale),
    direction: z < 0 ? 'low' : 'high',
    z: Number(z.toFixed(2)),
    share: 1,
  }
}

const shownAs: Record<Channel, { feature: string; unit: string }> = {
  level: { feature: 'rate', unit: 'MB/s' },
  difference: { feature: 'rate-step', unit: '% of the transfer before' },
  mean: { feature: 'rate-mean', unit: '% of the usual rate' },
  spread: { feature: 'rate-spread', unit: 'times' },
}

const sentences: Record<Channel, (reason: Reason) => string> = {
  level: (reason) => `rate ${people(reason.value)} MB/s, usually ${range(reason)} for this size, ${zOf(reason)}`,
  difference: (reason) =>
    `rate for its size ${people(reason.value)} % of that of the transfer before, usually ${range(reason)} %, ${zOf(reason)}`,
  mean: (reason) =>
    `the newest transfers of this link run at ${people(reason.value)} % of the usual rate for their sizes, usually ${range(reason)} %, ${zOf(reason)}`,
  spread: (reason) =>
    `the rates of the newest transfers of this link lie ${people(reason.value)} times apart, usually ${range(reason)} times, ${zOf(reason)}`,
}

function range({ usualLow, usualHigh }: Reason): string {
  return `${people(usualLow)}–${people(usualHigh)}`
}

function zOf({ z }: Reason): string {
  return `z ${z < 0 ? '−' : ''}${Math.abs(z).toFixed(1)}`
}

/** 1 minus the chance that any channel of a normal stream is so high. */
function confidenceOf(height: number): number {
  return Math.max(0, 1 - channels.length * 2 * normalCdf(-height))
}

/** By the score, which is height / (height + threshold). */
function severityOf(score: number): Severity {
  if (score >= CRITICAL / (CRITICAL + 1)) return 'critical'
  return score >= MAJOR / (MAJOR + 1) ? 'major' : 'minor'
}

function people(value: number): string {
  return value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(2)).toString()
}

function tidy(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : 0
}
