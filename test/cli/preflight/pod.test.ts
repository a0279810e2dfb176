import { expect, test } from 'vitest'
import { containersOf, podSpecSchema, sizeOf } from '../../../cli/preflight/pod.ts'
import { aContainer, q } from '../../support/kube-objects.ts'

function aSize(spec: Record<string, unknown>) {
  const parsed = podSpecSchema.parse(spec)
  return sizeOf(parsed, containersOf(parsed))
}

const cpu = (name: string, request: string, rest = {}) => aContainer({ name, requests: { cpu: request }, rest })
const sidecar = { restartPolicy: 'Always' }

test.each([
  ['containers are added', [], [cpu('a', '100m'), cpu('b', '200m')], '300m'],
  ['an init container that needs less changes nothing', [cpu('i', '300m')], [cpu('a', '300m')], '300m'],
  ['an init container that needs more decides', [cpu('i', '301m')], [cpu('a', '300m')], '301m'],
  ['init containers come one after the other', [cpu('i', '200m'), cpu('j', '250m')], [cpu('a', '100m')], '250m'],
  ['a sidecar goes on running', [cpu('s', '50m', sidecar)], [cpu('a', '100m')], '150m'],
  [
    'a sidecar runs beside a later init container',
    [cpu('s', '50m', sidecar), cpu('i', '200m')],
    [cpu('a', '100m')],
    '250m',
  ],
  ['but not beside an earlier one', [cpu('i', '200m'), cpu('s', '50m', sidecar)], [cpu('a', '100m')], '200m'],
])('%s', (_, initContainers, containers, expected) => {
  expect(aSize({ initContainers, containers }).requests.get('cpu')).toBe(q(expected))
})

test('a limit without a request is its own request', () => {
  const { requests, limits } = aSize({
    containers: [aContainer({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '10m' } })],
  })
  expect([requests.get('cpu'), requests.get('memory'), limits.get('cpu')]).toEqual([q('10m'), q('1Gi'), q('1')])
})

test('resources of the whole pod replace the sum of its containers', () => {
  const containers = [cpu('a', '100m')]
  const { requests, limits } = aSize({
    containers,
    resources: { requests: { cpu: '300m' }, limits: { cpu: '1', memory: '1Gi' } },
  })
  expect([requests.get('cpu'), requests.get('memory'), limits.get('cpu')]).toEqual([q('300m'), q('1Gi'), q('1')])
  expect(aSize({ containers, resources: { limits: { cpu: '1' } } }).requests.get('cpu')).toBe(q('100m'))
})

test('overhead is added to requests, and to limits that are there', () => {
  const { requests, limits } = aSize({
    containers: [aContainer({ requests: { cpu: '1' }, limits: { cpu: '2' } })],
    overhead: { cpu: '250m', memory: '120Mi' },
  })
  expect([requests.get('cpu'), requests.get('memory'), limits.get('cpu'), limits.get('memory')]).toEqual([
    q('1250m'),
    q('120Mi'),
    q('2250m'),
    undefined,
  ])
})

test.each([
  [{}, false],
  [{ activeDeadlineSeconds: 0 }, true],
  [{ activeDeadlineSeconds: 600 }, true],
  [{ activeDeadlineSeconds: null }, false],
])('a pod with %j ends by itself: %s', (rest, terminating) => {
  expect(aSize({ containers: [aContainer()], ...rest }).terminating).toBe(terminating)
})

test('a pod is best effort when no container says anything about CPU or memory', () => {
  expect(
    aSize({ containers: [aContainer(), aContainer({ requests: { 'ephemeral-storage': '1Gi' } })] }).bestEffort,
  ).toBe(true)
  expect(aSize({ containers: [aContainer(), aContainer({ limits: { memory: '1Gi' } })] }).bestEffort).toBe(false)
})
