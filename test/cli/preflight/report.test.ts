import { expect, test } from 'vitest'
import { assess } from '../../../cli/preflight/assess.ts'
import { toJson, toText } from '../../../cli/preflight/report.ts'
import { aDeployment, aKube, aNamespace, aQuota, aTemplate } from '../../support/kube-objects.ts'

const job = aKube('CronJob', 'batch', {
  spec: {
    jobTemplate: { spec: { template: aTemplate({ requests: { cpu: '100m' }, pod: { activeDeadlineSeconds: 60 } }) } },
  },
})
const objects = [aDeployment('api', { spec: { strategy: { type: 'RollingUpdate' } } }), job]

function verdict(hard: Record<string, string>, used: Record<string, string> = {}) {
  const namespace = aNamespace([aQuota(hard, { used, scopes: ['NotTerminating'], name: 'compute' })])
  const assessment = assess(objects, namespace)
  return {
    profile: '3',
    namespace: 'lab',
    assessment,
    problems: assessment.problems,
    unseen: ['no StorageClass was given: x'],
  }
}

test('the JSON has the agreed members, with amounts as Kubernetes writes them', () => {
  const json = toJson(verdict({ 'requests.cpu': '1' }, { 'requests.cpu': '250m' }))
  expect(Object.keys(json)).toEqual(['fits', 'profile', 'sums', 'quota', 'problems'])
  expect(json).toMatchObject({
    fits: true,
    profile: '3',
    sums: {
      steady: { pods: 1, requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
      rolling: { pods: 2, requests: { cpu: '200m', memory: '128Mi' } },
      terminating: { pods: 1, requests: { cpu: '100m', memory: '0' } },
      counts: { 'deployments.apps': 1, 'cronjobs.batch': 1 },
      workloads: [
        { kind: 'Deployment', name: 'api', pods: 1, surge: 1, terminating: false },
        { name: 'batch', terminating: true },
      ],
      unseen: ['no StorageClass was given: x'],
    },
    quota: [
      {
        quota: 'compute',
        scopes: 'NotTerminating',
        resource: 'requests.cpu',
        hard: '1',
        used: '250m',
        others: '250m',
        steady: '100m',
        needed: '200m',
        fits: true,
      },
    ],
    problems: [],
  })
})

test('a problem is what and remedy and nothing else', () => {
  expect(toJson(verdict({ 'requests.cpu': '50m' }))).toMatchObject({
    fits: false,
    problems: [{ what: expect.any(String), remedy: expect.any(String) }],
  })
  const [problem] = (toJson(verdict({ 'requests.cpu': '50m' })) as { problems: object[] }).problems
  expect(Object.keys(problem ?? {})).toEqual(['what', 'remedy'])
})

test('the page for people is aligned, and shows workloads, sums and how full each quota gets', () => {
  expect(toText(verdict({ 'requests.cpu': '1', pods: '4' }, { 'requests.cpu': '250m' }))).toBe(
    [
      'DTMS, profile 3, in namespace lab: it fits',
      '',
      'workload             pods  CPU request   memory  CPU limit   memory',
      '────────────────────────────────────────────────────────────────────────',
      'api                   1+1         100m   64 MiB       200m  128 MiB',
      'batch                   1         100m        –          –        –  job',
      '────────────────────────────────────────────────────────────────────────',
      'services                1         100m   64 MiB       200m  128 MiB',
      '… all being updated     2         200m  128 MiB       400m  256 MiB',
      'jobs and builds         1         100m    0 GiB         0m    0 GiB',
      '',
      'quota compute (NotTerminating)',
      "  requests.cpu  ▒▒▒▒▒████···········   45 %  0.45 vCPU of 1 vCPU (0.25 vCPU of it others')",
      '  pods          ██████████··········   50 %  2 of 4',
      '',
      'Not seen, so the result holds only for the rest:',
      '  · no StorageClass was given: x',
    ].join('\n'),
  )
})

test.each([
  ['50m', {}, '████████████████████  400 %'],
  ['0', {}, '████████████████████ '],
  ['100', {}, '█···················    0 %'],
  ['1', { 'requests.cpu': '5' }, '▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  520 %'],
])('the bar of a quota of %s with %j used stays in its frame', (hard, used, bar) => {
  expect(toText(verdict({ 'requests.cpu': hard }, used))).toContain(`  requests.cpu  ${bar}`)
})

test('problems come last, numbered, each with its remedy below', () => {
  const text = toText(verdict({ 'requests.cpu': '50m' }))
  expect(text.split('\n')[0]).toBe('DTMS, profile 3, in namespace lab: 1 problem, see below')
  expect(text.split('\n').slice(-2)).toEqual([
    expect.stringMatching(/^ 1\. quota compute .*limit 0\.05 vCPU$/),
    expect.stringMatching(/^ {4}→ ask for /),
  ])
  expect(text).toContain('✗ too much')
  expect(text).not.toContain('\u001b')
})
