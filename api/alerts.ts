import type { AlertLine, resolutions } from '../lib/streams/alerts.ts'

export const alertStates = ['firing', 'resolved'] as const
export type AlertState = (typeof alertStates)[number]

/** What rules give; everything else is counted together. */
export const alertSeverities = ['critical', 'warning', 'info', 'none'] as const
export type AlertSeverity = (typeof alertSeverities)[number] | '_other'

export interface AlertView {
  /** `a-<seq of the line that told of it first>`. */
  id: string
  state: AlertState
  severity: AlertSeverity
  /** Label `alertname`. */
  name: string
  layer: string | null
  summary: string | null
  /** World instants at which the API was told. */
  firedAt: number | null
  resolvedAt: number | null
  resolution: (typeof resolutions)[number] | null
  /** Wall time, as Prometheus tells it. */
  startsAt: number
  endsAt: number | null
  fingerprint: string
  labels: Record<string, string>
  annotations: Record<string, string>
  generatorUrl: string | null
}

export interface AlertQuery {
  state?: AlertState | undefined
  severity?: AlertSeverity | undefined
  /** Only those that were first told of before this line. */
  belowSeq?: number | undefined
  limit: number
}

/** Alerts that are kept; older ones are only in the log. */
const MOST_ALERTS = 2000
/** Usual ones have 1,000 characters, the longest 32,768: together no more than this. */
const MOST_CHARS = 8 * 1024 * 1024

interface Kept {
  /** seq of the line that told of it first; the order of the list. */
  seq: number
  line: AlertLine
  view: AlertView
  chars: number
}

/** Alerts that Alertmanager has told of, made from the lines of `alerts/api/` alone. */
export class AlertBook {
  /** By seq, oldest first. */
  readonly #alerts = new Map<number, Kept>()
  /** The newest life of each alert. */
  readonly #byFingerprint = new Map<string, Kept>()
  readonly #most: number
  readonly #mostChars: number
  #chars = 0
  #lastSeq = 0
  #lastAt = 0

  constructor(most = MOST_ALERTS, mostChars = MOST_CHARS) {
    this.#most = most
    this.#mostChars = mostChars
  }

  /** World instant of the newest line. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** The alert as the line leaves it; undefined for a line that is known already. */
  apply(line: AlertLine): AlertView | undefined {
    if (line.seq <= this.#lastSeq) return undefined
    this.#lastSeq = line.seq
    this.#lastAt = line.at
    const seq = line.type === 'firing' ? line.seq : (line.firing ?? line.seq)
    const known = this.#alerts.get(seq)
    const chars = JSON.stringify(line).length
    const kept = known ?? { seq, line, view: toView(line, seq), chars }
    this.#chars += chars - (known?.chars ?? 0)
    if (known !== undefined) {
      known.line = line
      known.chars = chars
      known.view = { ...toView(line, seq), firedAt: known.view.firedAt }
    } else {
      this.#alerts.set(seq, kept)
    }
    const newest = this.#byFingerprint.get(line.fingerprint)
    if (newest === undefined || line.startsAt >= newest.line.startsAt) this.#byFingerprint.set(line.fingerprint, kept)
    this.#forget()
    return kept.view
  }

  /** The line that its newest life was told with last. */
  newest(fingerprint: string): { line: AlertLine; seq: number } | undefined {
    return this.#byFingerprint.get(fingerprint)
  }

  find(seq: number): AlertView | undefined {
    return this.#alerts.get(seq)?.view
  }

  /** Newest first. */
  list({ state, severity, belowSeq = Infinity, limit }: AlertQuery): { seq: number; view: AlertView }[] {
    return [...this.#alerts.values()]
      .filter(({ seq, view }) => {
        if (seq >= belowSeq || (state !== undefined && view.state !== state)) return false
        return severity === undefined || view.severity === severity
      })
      .sort((a, b) => b.seq - a.seq)
      .slice(0, limit)
  }

  /** What fires now, by severity; severities without any count 0. */
  firing(): Map<AlertSeverity, number> {
    const counts = new Map<AlertSeverity, number>([...alertSeverities, '_other' as const].map((name) => [name, 0]))
    for (const { view } of this.#alerts.values())
      if (view.state === 'firing') counts.set(view.severity, (counts.get(view.severity) ?? 0) + 1)
    return counts
  }

  /** Lines of the alerts that fire now. */
  firingLines(): AlertLine[] {
    return [...this.#alerts.values()].filter(({ view }) => view.state === 'firing').map(({ line }) => line)
  }

  /** What is over goes first; only when everything fires, the oldest that does. */
  #forget(): void {
    while (this.#alerts.size > this.#most || (this.#chars > this.#mostChars && this.#alerts.size > 1)) {
      const all = [...this.#alerts.values()]
      const oldest = all.find(({ view }) => view.state === 'resolved') ?? all[0]
      if (oldest === undefined) return
      this.#alerts.delete(oldest.seq)
      this.#chars -= oldest.chars
      const { fingerprint } = oldest.line
      if (this.#byFingerprint.get(fingerprint) === oldest) this.#byFingerprint.delete(fingerprint)
    }
  }
}

function toView(line: AlertLine, seq: number): AlertView {
  const { fingerprint, labels, annotations, startsAt, generatorUrl } = line
  const over = line.type === 'resolved'
  return {
    id: `a-${seq}`,
    state: line.type,
    severity: severityOf(labels.severity),
    name: labels.alertname ?? '',
    layer: labels.layer ?? null,
    summary: annotations.summary ?? null,
    firedAt: over ? null : line.at,
    resolvedAt: over ? line.at : null,
    resolution: over ? line.resolution : null,
    startsAt,
    endsAt: over ? line.endsAt : null,
    fingerprint,
    labels,
    annotations,
    generatorUrl: generatorUrl ?? null,
  }
}

function severityOf(text: string | undefined): AlertSeverity {
  return alertSeverities.find((name) => name === text) ?? '_other'
}
