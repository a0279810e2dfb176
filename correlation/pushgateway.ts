import { callOut } from '../lib/outgoing/call.ts'
import type { CorrelationItem } from '../lib/streams/correlations.ts'

/** A push that takes longer has failed, milliseconds. */
export const PUSH_LIMIT_MS = 5000

export interface PushTarget {
  url: string
  job: string
  instance: string | undefined
}

export interface Pushed {
  at: number
  pairs: number
  coefficient: number | null
  pValue: number | null
}

/** What dashboards of the old job read, and what says how far to trust it. The platform's item is the old figure. */
export function pushedFacts(at: number, items: readonly CorrelationItem[]): Pushed {
  const platform = items.find(({ scope }) => 'platform' in scope)
  return {
    at,
    pairs: platform?.pairs ?? 0,
    coefficient: platform?.coefficient ?? null,
    pValue: platform?.pValue ?? null,
  }
}

/**
 * Text format of one push. A coefficient that does not exist is left out: with PUT the gateway then forgets the one
 * before, so that no old result stands there as a new one.
 */
export function pushText(facts: Pushed): string {
  const gauge = (name: string, help: string, value: number | null): string[] =>
    value === null ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`]
  return `${[
    ...gauge(
      'dtms_corr_anomaly_throughput',
      'Pearson coefficient of anomalies per minute against mean throughput per minute, all sites, lag 0',
      facts.coefficient,
    ),
    ...gauge('dtms_corr_pairs', 'Minutes that the coefficient was made from', facts.pairs),
    ...gauge('dtms_corr_p_value', 'Two-sided p of the coefficient, autocorrelation allowed for', facts.pValue),
    ...gauge('dtms_corr_run_timestamp_seconds', 'World time of the run, Unix seconds', facts.at),
  ].join('\n')}\n`
}

/** `<url>/metrics/job/<job>[/instance/<instance>]`; values with a slash or nothing in them go as base64 (the gateway's rule). */
export function pushAddress(target: PushTarget): string {
  const part = (name: string, value: string): string =>
    value.includes('/')
      ? `/${name}@base64/${Buffer.from(value).toString('base64url')}`
      : `/${name}/${encodeURIComponent(value)}`
  const instance = target.instance === undefined ? '' : part('instance', target.instance)
  return `${target.url.replace(/\/+$/, '')}/metrics${part('job', target.job)}${instance}`
}

/** Replaces the group at the gateway. Undefined when it was taken, else why not. Redirects are not followed. */
export async function push(target: PushTarget, text: string, limitMs = PUSH_LIMIT_MS): Promise<string | undefined> {
  const headers = { 'Content-Type': 'text/plain; version=0.0.4' }
  const call = { method: 'PUT', url: pushAddress(target), headers, body: text } as const
  const result = await callOut(call, { policy: { origin: 'settings' }, limitMs })
  if (result.outcome !== 'answered') return result.detail
  return result.status === 200 || result.status === 202 ? undefined : `status ${result.status}`
}
