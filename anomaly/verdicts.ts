import type { TransferRecord } from '../lib/record/record.ts'
import type { AnomalyLine, Reason, Severity } from '../lib/streams/anomalies.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import { people, toReasons, toSentence, USUAL_Z } from './explanation.ts'
import { failureSeverity } from './failure-share.ts'
import type { Observation } from './features.ts'
import type { LinkWatch } from './link-watch.ts'
import type { Model } from './model.ts'
import { contributions } from './path-explanation.ts'
import { severityOf } from './severity.ts'
import { confidenceOf } from './threshold.ts'
import { slownessSeverity } from './throughput-shift.ts'

export type Verdict = Entry<AnomalyLine>

/** Evidence and its limit score alike at one half (failure-share.ts, throughput-shift.ts). */
export const LINK_THRESHOLD = 0.5

/** How far the mean rate of a dozen transfers strays on a quiet link, powers of ten: measured on the default world. */
const USUAL_DECADES = 0.09

interface Finding {
  detector: string
  level: 'transfer' | 'link'
  score: number
  threshold: number
  confidence: number
  severity: Severity
  why: string
  reasons: Reason[]
}

export function transferVerdict(
  record: TransferRecord,
  observation: Observation,
  found: { detector: string; score: number; threshold: number; model: Model | undefined },
): Verdict {
  const { model, detector, score, threshold } = found
  const reasons = toReasons(observation, contributions(model?.forest, observation.row, observation.missing))
  return toVerdict(record, {
    detector,
    level: 'transfer',
    score,
    threshold,
    confidence: model === undefined ? score : confidenceOf(score, model.reference),
    severity: model === undefined ? 'minor' : severityOf(score, model.levels),
    why: toSentence(reasons),
    reasons,
  })
}

export function failureVerdict(record: TransferRecord, watch: LinkWatch, score: number): Verdict {
  const present = watch.failures.presentShare
  const usual = watch.failures.usualShare
  // The present share looks at about 12 attempts, so that is how far chance alone moves it.
  const sd = Math.sqrt((usual * (1 - usual)) / 12)
  const error = watch.commonestError()
  const reason: Reason = {
    feature: 'failures',
    value: percent(present),
    unit: '% of attempts',
    usualLow: 0,
    usualHigh: percent(usual + USUAL_Z * sd),
    direction: 'high',
    z: Number(((present - usual) / sd).toFixed(2)),
    share: 1,
  }
  const mostly = error === undefined ? '' : `, mostly ${error}`
  return toVerdict(record, {
    detector: 'failure-share',
    level: 'link',
    score,
    threshold: LINK_THRESHOLD,
    confidence: 1 - Math.exp(-12 * watch.failures.ratio),
    severity: failureSeverity(present),
    why: `${people(reason.value)} % of the last attempts on this link failed, usually ${people(percent(usual))} %${mostly}`,
    reasons: [reason],
  })
}

export function shiftVerdict(record: TransferRecord, watch: LinkWatch, score: number): Verdict {
  const remaining = watch.shift.presentRatio
  const reason: Reason = {
    feature: 'rate',
    value: percent(remaining),
    unit: '% of the usual rate',
    usualLow: percent(10 ** -USUAL_DECADES),
    usualHigh: percent(10 ** USUAL_DECADES),
    direction: 'low',
    z: Number(((USUAL_Z * Math.log10(remaining)) / USUAL_DECADES).toFixed(2)),
    share: 1,
  }
  const usual = `usually ${people(reason.usualLow)}–${people(reason.usualHigh)} %`
  return toVerdict(record, {
    detector: 'throughput-shift',
    level: 'link',
    score,
    threshold: LINK_THRESHOLD,
    confidence: 1 - Math.exp(-12 * watch.shift.ratio),
    severity: slownessSeverity(remaining),
    why: `the link as a whole runs at ${people(reason.value)} % of its usual rate for files of the same size, ${usual}`,
    reasons: [reason],
  })
}

function toVerdict(record: TransferRecord, finding: Finding): Verdict {
  return {
    at: record.endedAt,
    type: 'anomaly',
    id: `${finding.detector}-${record.id}`,
    detector: finding.detector,
    level: finding.level,
    transferId: record.id,
    site: record.site,
    source: record.source,
    destination: record.destination,
    score: finding.score,
    threshold: finding.threshold,
    confidence: finding.confidence,
    severity: finding.severity,
    why: finding.why,
    reasons: finding.reasons,
    sizeBytes: record.sizeBytes,
    bytesTransferred: record.bytesTransferred,
    durationSeconds: record.durationSeconds,
    status: record.status,
  }
}

function percent(share: number): number {
  return Number((100 * share).toPrecision(4))
}
