import { expect, test } from 'vitest'
import { withAlternatives } from '../../../cli/preflight/alternatives.ts'
import { assess } from '../../../cli/preflight/assess.ts'
import { aDeployment, aKube, aNamespace, aQuota } from '../../support/kube-objects.ts'

const deployments = (count: number) => Array.from({ length: count }, (_, n) => aDeployment(`d${n}`))
const quota = aQuota({ 'requests.cpu': '250m', pods: '9' })
const tried = (name: string, count: number, namespace = aNamespace([quota])) => ({
  name,
  assessment: assess(deployments(count), namespace),
})

test('a problem of size says which other choice fits, and how well', () => {
  const chosen = assess(deployments(3), aNamespace([quota]))
  const [problem] = withAlternatives(chosen, [tried('profile 1', 2), tried('profile 0.5', 1)])
  expect(problem?.remedy).toBe(
    'profile 1 fits: 0.2 of 0.25 vCPU, profile 0.5 fits: 0.1 of 0.25 vCPU; or ask for 0.05 vCPU more',
  )
})

test('a choice that does not fit is not named, and that none does is said with what the smallest needs', () => {
  const chosen = assess(deployments(5), aNamespace([quota]))
  expect(withAlternatives(chosen, [tried('profile 1', 4), tried('profile 0.5', 2)])[0]?.remedy).toMatch(
    /^profile 0\.5 fits: 0\.2 of 0\.25 vCPU; or /,
  )
  expect(withAlternatives(chosen, [tried('profile 1', 4), tried('profile 0.5', 3)])[0]?.remedy).toMatch(
    /^none of profile 1, profile 0\.5 fits either \(profile 0\.5 needs 0\.3 of 0\.25 vCPU\); or ask/,
  )
})

test('counts are told with their names, limits as limits', () => {
  const small = aNamespace([aQuota({ pods: '2', 'limits.cpu': '500m' })])
  const [pods] = withAlternatives(assess(deployments(3), small), [tried('profile 1', 2, small)])
  expect(pods?.remedy).toMatch(/^profile 1 fits: 2 of 2 pods and 0\.4 of 0\.5 vCPU \(limits\); /)
})

test('steps that are the same for every choice keep their remedy, and keep no choice from fitting', () => {
  const keyed = aDeployment('k', { pod: { volumes: [{ name: 'v', secret: { secretName: 'key' } }] } })
  const namespace = aNamespace([quota], { kinds: new Set(['Secret']) })
  const [size, setup] = withAlternatives(assess([keyed, ...deployments(3)], namespace), [
    { name: 'profile 1', assessment: assess([keyed], namespace) },
  ])
  expect(size?.remedy).toMatch(/^profile 1 fits/)
  expect(setup?.remedy).toBe('oc create secret generic key')
})

test('another kind of problem is told with the CPU of services, and without alternatives nothing is added', () => {
  const many = aKube('PersistentVolumeClaim', 'data', {
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  })
  const disk = aKube(
    'StorageClass',
    'gp3',
    { provisioner: 'ebs.csi.aws.com' },
    { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  )
  const terminating = aQuota({ 'requests.cpu': '7' }, { scopes: ['Terminating'], name: 'jobs' })
  const namespace = aNamespace([disk, terminating, aQuota({ 'requests.cpu': '250m' }, { scopes: ['NotTerminating'] })])
  const chosen = assess([many], namespace)
  expect(withAlternatives(chosen, [tried('profile 3-rwo', 1, namespace)])[0]?.remedy).toMatch(
    /^profile 3-rwo fits: 0\.1 of 0\.25 vCPU; or take a storage component/,
  )
  expect(withAlternatives(chosen, [])).toEqual(chosen.problems)
})
