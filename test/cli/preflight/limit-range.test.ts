import { expect, test } from 'vitest'
import { brokenClaimLimits, brokenLimits, limitRangesOf, withDefaults } from '../../../cli/preflight/limit-range.ts'
import { containersOf, podSpecSchema, sizeOf } from '../../../cli/preflight/pod.ts'
import { aContainer, aKube, type ContainerParts, q } from '../../support/kube-objects.ts'

const rangesOf = (...limits: Record<string, unknown>[]) =>
  limitRangesOf([aKube('LimitRange', 'small', { spec: { limits } })])

function aPod(ranges: ReturnType<typeof rangesOf>, ...parts: ContainerParts[]) {
  const spec = podSpecSchema.parse({ containers: parts.map((part, n) => aContainer({ name: `c${n}`, ...part })) })
  return sizeOf(
    spec,
    containersOf(spec).map((container) => withDefaults(container, ranges)),
  )
}

test.each([
  ['its defaults', { default: { cpu: '1' }, defaultRequest: { cpu: '10m' } }, {}, '10m', '1'],
  ['the default limit as request', { default: { cpu: '1' } }, {}, '1', '1'],
  ['the maximum as limit', { max: { cpu: '2' } }, {}, '2', '2'],
  ['the minimum as request', { min: { cpu: '50m' } }, {}, '50m', undefined],
  [
    'the limit as request, before any default',
    { defaultRequest: { cpu: '10m' } },
    { limits: { cpu: '500m' } },
    '500m',
    '500m',
  ],
  [
    'what it says itself',
    { default: { cpu: '1' }, defaultRequest: { cpu: '10m' } },
    { requests: { cpu: '20m' }, limits: { cpu: '30m' } },
    '20m',
    '30m',
  ],
])('a container gets %s', (_, limits, parts, request, limit) => {
  const pod = aPod(rangesOf({ type: 'Container', ...limits }), parts)
  expect([pod.requests.get('cpu'), pod.limits.get('cpu')]).toEqual([
    q(request),
    limit === undefined ? undefined : q(limit),
  ])
})

test('the first of two LimitRanges gives the default, and rows for pods give none', () => {
  const ranges = rangesOf(
    { type: 'Pod', max: { cpu: '9' } },
    { type: 'Container', default: { cpu: '1' } },
    { type: 'Container', default: { cpu: '2' } },
  )
  expect(aPod(ranges, {}).limits.get('cpu')).toBe(q('1'))
})

const at = (request: string, limit: string): ContainerParts => ({ requests: { cpu: request }, limits: { cpu: limit } })

test.each([
  ['at the maximum', { max: { cpu: '500m' } }, at('100m', '500m'), []],
  ['above the maximum', { max: { cpu: '500m' } }, at('100m', '501m'), ['limit 0.51 vCPU']],
  ['at the minimum', { min: { cpu: '100m' } }, at('100m', '500m'), []],
  ['below the minimum', { min: { cpu: '101m' } }, at('100m', '500m'), ['requests 0.1 vCPU']],
  ['at the ratio', { maxLimitRequestRatio: { cpu: '5' } }, at('100m', '500m'), []],
  ['above the ratio', { maxLimitRequestRatio: { cpu: '4' } }, at('100m', '500m'), ['5 times']],
  [
    'with a ratio and no limit',
    { maxLimitRequestRatio: { cpu: '4' } },
    { requests: { cpu: '1' } },
    ['not both are given'],
  ],
])('a container %s', (_, limits, parts, has) => {
  const ranges = rangesOf({ type: 'Container', ...limits })
  expect(brokenLimits('api', aPod(ranges, parts), ranges).map((broken) => broken.has)).toEqual(has)
})

test('what is broken names the LimitRange, the allowed amount and who breaks it', () => {
  const ranges = rangesOf({ type: 'Container', max: { memory: '256Mi' } })
  const pod = aPod(ranges, { name: 'api', limits: { memory: '512Mi' } }, { name: 'proxy', limits: { memory: '1Gi' } })
  expect(brokenLimits('api', pod, ranges)).toEqual([
    { rule: 'LimitRange small allows at most 256 MiB of memory per container', who: 'api', has: 'limit 512 MiB' },
    { rule: 'LimitRange small allows at most 256 MiB of memory per container', who: 'api/proxy', has: 'limit 1 GiB' },
  ])
})

test('a row for pods is held against the sum of the containers', () => {
  const ranges = rangesOf({ type: 'Pod', max: { cpu: '500m' } })
  expect(brokenLimits('api', aPod(ranges, at('1m', '250m'), at('1m', '250m')), ranges)).toEqual([])
  expect(brokenLimits('api', aPod(ranges, at('1m', '250m'), at('1m', '251m')), ranges)).toMatchObject([{ who: 'api' }])
  expect(brokenLimits('api', aPod(ranges, { requests: { cpu: '1m' } }), ranges)).toMatchObject([{ has: 'limit none' }])
})

test('a default limit below the own request is refused', () => {
  const ranges = rangesOf({ type: 'Container', default: { cpu: '100m' } })
  expect(brokenLimits('api', aPod(ranges, { requests: { cpu: '200m' } }), ranges)).toMatchObject([
    { has: 'requests 0.2 vCPU, limit 0.1 vCPU' },
  ])
})

test.each([
  ['1Gi', []],
  ['5Gi', []],
  ['6Gi', ['limit 6 GiB']],
  ['512Mi', ['requests 512 MiB']],
])('a claim of %s where 1 to 5 Gi are allowed', (storage, has) => {
  const ranges = rangesOf({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } })
  expect(brokenClaimLimits('data', q(storage), ranges).map((broken) => broken.has)).toEqual(has)
})
