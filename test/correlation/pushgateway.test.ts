import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { analyse } from '../../correlation/analysis.ts'
import { push, pushAddress, pushedFacts, pushText } from '../../correlation/pushgateway.ts'
import { NOON } from '../support/builders.ts'
import { anHttpReceiver } from '../support/http-servers.ts'

const target = { url: 'http://gateway:9091/', job: 'dtms_correlation', instance: undefined }

describe('what is pushed', () => {
  it('is the platform figure with what says how far to trust it', () => {
    expect(pushText({ at: NOON, pairs: 1440, coefficient: -0.25, pValue: 0.001 })).toBe(
      [
        '# HELP dtms_corr_anomaly_throughput Pearson coefficient of anomalies per minute against mean throughput per minute, all sites, lag 0',
        '# TYPE dtms_corr_anomaly_throughput gauge',
        'dtms_corr_anomaly_throughput -0.25',
        '# HELP dtms_corr_pairs Minutes that the coefficient was made from',
        '# TYPE dtms_corr_pairs gauge',
        'dtms_corr_pairs 1440',
        '# HELP dtms_corr_p_value Two-sided p of the coefficient, autocorrelation allowed for',
        '# TYPE dtms_corr_p_value gauge',
        'dtms_corr_p_value 0.001',
        '# HELP dtms_corr_run_timestamp_seconds World time of the run, Unix seconds',
        '# TYPE dtms_corr_run_timestamp_seconds gauge',
        `dtms_corr_run_timestamp_seconds ${NOON}`,
        '',
      ].join('\n'),
    )
  })

  it('has no coefficient when there is none', () => {
    const item = analyse({ scope: { platform: true }, minutes: new Map() })
    const facts = pushedFacts(NOON, [item])
    expect(facts).toEqual({ at: NOON, pairs: 0, coefficient: null, pValue: null })
    expect(pushText(facts)).not.toContain('anomaly_throughput')
  })
})

describe('where it goes', () => {
  it.each([
    [target, 'http://gateway:9091/metrics/job/dtms_correlation'],
    [{ ...target, instance: 'pod 1' }, 'http://gateway:9091/metrics/job/dtms_correlation/instance/pod%201'],
    [{ ...target, url: 'http://gateway/push', job: 'a/b' }, 'http://gateway/push/metrics/job@base64/YS9i'],
  ])('is the group of job and instance (%#)', (where, address) => {
    expect(pushAddress(where)).toBe(address)
  })
})

describe('a push', () => {
  it('replaces the group with a PUT of the text format', async () => {
    const gateway = await anHttpReceiver((response) => response.writeHead(202).end())
    expect(await push({ ...target, url: gateway.url }, 'x 1\n')).toBeUndefined()
    expect(gateway.requests).toMatchObject([
      {
        method: 'PUT',
        path: '/metrics/job/dtms_correlation',
        body: 'x 1\n',
        contentType: 'text/plain; version=0.0.4',
      },
    ])
  })

  const refusals: [string, (response: ServerResponse) => void, string][] = [
    ['refuses', (response) => response.writeHead(400).end('no'), 'status 400'],
    ['redirects', (response) => response.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end(), 'status 307'],
    ['never answers', () => {}, 'no answer within 200 ms'],
  ]
  it.each(refusals)('says why when the gateway %s', async (_name, answer, reason) => {
    const gateway = await anHttpReceiver(answer)
    expect(await push({ ...target, url: gateway.url }, 'x 1\n', 200)).toBe(reason)
  })

  it('says why when nobody listens', async () => {
    const gateway = await anHttpReceiver(() => {})
    await gateway.close()
    expect(await push({ ...target, url: gateway.url }, 'x 1\n')).toBe('ECONNREFUSED')
  })
})
