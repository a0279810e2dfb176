import { expect, test } from 'vitest'
import { networkProblems } from '../../../cli/preflight/network.ts'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aNamespace } from '../../support/kube-objects.ts'

const aPolicy = (name: string, spec: Record<string, unknown>) =>
  aKube('NetworkPolicy', name, { spec: { podSelector: {}, ...spec } })
const denyAll = aPolicy('deny-all', { policyTypes: ['Ingress', 'Egress'] })
const denyIn = aPolicy('deny-in', { policyTypes: ['Ingress'] })
const api = aDeployment('api')
const service = aKube('Service', 'api', { spec: { selector: { app: 'api' } } })
const route = aKube('Route', 'api', { spec: { to: { kind: 'Service', name: 'api' } } })
const dns = { ports: [{ port: 53, protocol: 'UDP' }] }
const inside = { to: [{ podSelector: {} }] }
const fromPods = { from: [{ podSelector: {} }] }
const fromRouter = { from: [{ namespaceSelector: { matchLabels: { router: 'yes' } } }] }

const problemsOf = (objects: KubeObject[], ...there: KubeObject[]) =>
  networkProblems(objects, workloadsOf(objects, []), aNamespace(there)).map(({ what }) => what)

test('a namespace that denies everything is a problem as long as nothing allows what is needed', () => {
  expect(problemsOf([api, service], denyAll)).toEqual([
    'network policy deny-all denies calls to api, and no other allows them',
    'network policy deny-all denies name lookups (DNS) of api, and no other allows them',
  ])
})

test.each([
  [
    'our own policies allow it',
    [api, service, aPolicy('own', { policyTypes: ['Ingress', 'Egress'], ingress: [fromPods], egress: [dns, inside] })],
    [denyAll],
  ],
  [
    'another one of the namespace allows it',
    [api, service],
    [denyAll, aPolicy('open', { policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] })],
  ],
  [
    'it does not select our pods',
    [api, service],
    [aPolicy('deny-db', { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress', 'Egress'] })],
  ],
  ['nothing is called', [api], [denyIn]],
  ['it is ours, from an earlier apply', [api, service, denyAll], [denyAll]],
])('a policy that denies is none when %s', (_, objects, there) => {
  expect(problemsOf(objects, ...there)).toEqual([])
})

test('a routed service must be open to the router, not only to the namespace', () => {
  const own = (rule: unknown) => aPolicy('own', { policyTypes: ['Ingress'], ingress: [rule] })
  expect(problemsOf([api, service, route, own(fromPods)], denyIn)).toEqual([
    expect.stringContaining('calls from the router to api'),
  ])
  expect(problemsOf([api, service, route, own(fromRouter)], denyIn)).toEqual([])
  const ingress = aKube('Ingress', 'api', {
    spec: { rules: [{ http: { paths: [{ backend: { service: { name: 'api' } } }] } }] },
  })
  expect(problemsOf([api, service, ingress, own(fromPods)], denyIn)).toHaveLength(1)
})

test('names alone are not enough where calls go out', () => {
  const own = aPolicy('own', { policyTypes: ['Egress'], egress: [dns] })
  expect(problemsOf([api, own], denyAll)).toEqual([expect.stringContaining('calls to other services by api')])
})

test('a policy without types closes the way in, and the way out only when it has rules for it', () => {
  expect(problemsOf([api, service], aPolicy('old', {}))).toEqual([expect.stringContaining('calls to api')])
  expect(problemsOf([api], aPolicy('old', { egress: [inside] }))).toEqual([expect.stringContaining('name lookups')])
})
