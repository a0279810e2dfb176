import { expect, test } from 'vitest'
import { assess } from '../../../cli/preflight/assess.ts'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { aDeployment, aKube, aNamespace, aQuota, aTemplate } from '../../support/kube-objects.ts'

const rolling = (name: string) => aDeployment(name, { spec: { strategy: { type: 'RollingUpdate' } } })
const problemsOf = (objects: KubeObject[], ...there: KubeObject[]) => assess(objects, aNamespace(there)).problems

test('an empty namespace without quotas takes everything', () => {
  expect(assess([aDeployment('a')], aNamespace())).toMatchObject({ problems: [], notes: [], lines: [] })
})

test('a quota that is too small says what is needed, what others use, and how much is missing', () => {
  const quota = aQuota(
    { 'requests.cpu': '250m' },
    { used: { 'requests.cpu': '100m' }, scopes: ['NotTerminating'], name: 'compute' },
  )
  expect(problemsOf([aDeployment('a'), aDeployment('b')], quota)).toEqual([
    {
      what: 'quota compute (NotTerminating): requests.cpu: 0.2 vCPU needed, 0.1 vCPU are in use by others, limit 0.25 vCPU',
      remedy: 'ask for 0.05 vCPU more, or free as much (0.1 vCPU are used by others)',
      cause: 'size',
    },
  ])
})

test('a quota with room for the steady state only is told as such', () => {
  const [problem] = problemsOf([rolling('a')], aQuota({ 'requests.cpu': '150m' }))
  expect(problem?.what).toContain('0.2 vCPU needed (0.1 vCPU steady, 0.1 vCPU while everything is updated)')
  expect(problem?.remedy).toContain('it runs, but not while everything is updated at once')
})

test('a LimitRange that is broken is one problem for all who break it', () => {
  const range = aKube('LimitRange', 'small', { spec: { limits: [{ type: 'Container', max: { cpu: '150m' } }] } })
  const problems = problemsOf(
    [aDeployment('a'), aDeployment('b'), aDeployment('c', { limits: { cpu: '150m' } })],
    range,
  )
  expect(problems).toEqual([
    {
      what: 'LimitRange small allows at most 0.15 vCPU of cpu per container, but a has limit 0.2 vCPU, b has limit 0.2 vCPU',
      remedy: expect.stringContaining('widen the LimitRange'),
      cause: 'size',
    },
  ])
})

test('a pod that leaves open what a quota counts is refused, unless a LimitRange fills it in', () => {
  const bare = aDeployment('a', { requests: {}, limits: {} })
  const quota = aQuota({ 'limits.memory': '4Gi' })
  const range = aKube('LimitRange', 'r', { spec: { limits: [{ type: 'Container', default: { memory: '1Gi' } }] } })
  expect(problemsOf([bare], quota)).toMatchObject([
    { what: expect.stringContaining('Deployment a: container a says no limits.memory') },
  ])
  expect(problemsOf([bare], quota, range)).toEqual([])
})

test('ReplicaSets that are short only while everything is updated are a note', () => {
  const objects = [aDeployment('a'), aDeployment('b')]
  expect(assess(objects, aNamespace([aQuota({ 'count/replicasets.apps': '5' })]))).toMatchObject({
    problems: [],
    notes: [
      'count/replicasets.apps: 6 for a moment when everything is updated at once, of 5: updates then take turns, 1 at a time',
    ],
  })
  expect(problemsOf(objects, aQuota({ 'count/replicasets.apps': '4' }))).toHaveLength(1)
})

test('what is worth knowing is told: autoscalers, daemons, what another profile left', () => {
  const scaler = aKube('HorizontalPodAutoscaler', 'scale', {
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a' } },
  })
  const daemon = aKube('DaemonSet', 'd', { spec: { template: aTemplate() } })
  const left = aKube('Deployment', 'dtms-kafka', {}, { labels: { 'app.kubernetes.io/part-of': 'dtms' } })
  const stranger = aKube('Deployment', 'shop')
  const quota = aQuota({ 'example.org/things': '1' })
  expect(assess([aDeployment('a'), scaler, daemon], aNamespace([left, stranger, quota])).notes).toEqual([
    'example.org/things of quota quota is not counted here',
    'a is counted with the 3 pods that autoscaler scale may make',
    "d is counted as one node's pod",
    'of another profile are left, and count as used by others: oc delete deployment/dtms-kafka',
  ])
})
