import { expect, test } from 'vitest'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { claimOf } from '../../../cli/preflight/plan.ts'
import { defaultClassOf, offersMany, storageDoubts, storageProblems } from '../../../cli/preflight/storage.ts'
import { aKube, aNamespace } from '../../support/kube-objects.ts'

const aClass = (name: string, provisioner: string, isDefault = false) =>
  aKube(
    'StorageClass',
    name,
    { provisioner },
    isDefault ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {},
  )
const disk = aClass('gp3', 'ebs.csi.aws.com', true)
const nfs = aClass('nfs', 'nfs.csi.k8s.io')
const unknown = aClass('magic', 'storage.example.org')

const aClaim = (mode: string, storageClassName?: string, status = {}) =>
  aKube('PersistentVolumeClaim', 'dtms-data', {
    spec: {
      accessModes: [mode],
      resources: { requests: { storage: '5Gi' } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
    status,
  })

const problemsOf = (claim: KubeObject, ...there: KubeObject[]) => {
  const namespace = aNamespace(there)
  return storageProblems([claimOf(claim, defaultClassOf(there))], namespace)
}

test.each([
  ['nfs.csi.k8s.io', true],
  ['openshift-storage.cephfs.csi.ceph.com', true],
  ['efs.csi.aws.com', true],
  ['file.csi.azure.com', true],
  ['ebs.csi.aws.com', false],
  ['openshift-storage.rbd.csi.ceph.com', false],
  ['kubernetes.io/no-provisioner', false],
  ['rancher.io/local-path', false],
  ['storage.example.org', undefined],
])('%s mounts on several nodes: %s', (provisioner, many) => {
  expect(offersMany(provisioner)).toBe(many)
})

test('a claim for several nodes on a class for one is named, with the class or the component that helps', () => {
  expect(problemsOf(aClaim('ReadWriteMany'), disk)).toEqual([
    {
      what: 'claim dtms-data needs ReadWriteMany, and storage class gp3 (ebs.csi.aws.com) mounts on one node only',
      remedy: expect.stringContaining('storage-rwo-colocated'),
      cause: 'kind',
    },
  ])
  expect(problemsOf(aClaim('ReadWriteMany'), disk, nfs)[0]?.remedy).toContain(
    'name nfs in openshift/components/storage-rwx/storage-class.yaml',
  )
})

test.each([
  ['a class that can', aClaim('ReadWriteMany', 'nfs'), [disk, nfs]],
  ['a class nobody knows', aClaim('ReadWriteMany', 'magic'), [unknown]],
  ['one node only', aClaim('ReadWriteOnce'), [disk]],
  ['no class on purpose', aClaim('ReadWriteMany', ''), [disk]],
  ['classes that were not seen', aClaim('ReadWriteMany', 'gp3'), []],
  ['a claim that is bound', aClaim('ReadWriteMany'), [disk, aClaim('ReadWriteMany', 'gp3', { phase: 'Bound' })]],
])('%s: no problem', (_, claim, there) => {
  expect(problemsOf(claim, ...there)).toEqual([])
})

test('a class that is not there is named with those that are', () => {
  expect(problemsOf(aClaim('ReadWriteMany', 'fast'), disk, nfs)).toMatchObject([
    {
      what: expect.stringContaining(
        'names the storage class fast, which is not here; there is gp3 (ebs.csi.aws.com), nfs',
      ),
      cause: 'kind',
    },
  ])
  expect(problemsOf(aClaim('ReadWriteOnce', 'fast'), disk)).toMatchObject([{ cause: 'setup' }])
})

test.each([
  ['one node, the default can', 'ReadWriteOnce', [disk, nfs], 'name gp3 or nfs instead, or name none for the default'],
  ['one node, no default', 'ReadWriteOnce', [nfs], 'name nfs instead'],
  ['several nodes, which the default cannot', 'ReadWriteMany', [disk, nfs], 'name nfs instead'],
  [
    'several nodes, which the default may do',
    'ReadWriteMany',
    [aClass('magic', 'storage.example.org', true)],
    'name none for the default',
  ],
  ['several nodes, which none can', 'ReadWriteMany', [disk], expect.stringContaining('storage-rwo-colocated')],
])('instead of a class that is not there: %s', (_, mode, there, remedy) => {
  expect(problemsOf(aClaim(mode, 'fast'), ...there)).toMatchObject([{ remedy }])
})

test('without a default class a claim must name one', () => {
  expect(problemsOf(aClaim('ReadWriteOnce'), nfs)).toMatchObject([
    { what: expect.stringContaining('no class is the default here; there is nfs') },
  ])
})

test('a claim that is there keeps its modes, and one without a volume is told', () => {
  expect(problemsOf(aClaim('ReadWriteMany'), disk, aClaim('ReadWriteOnce', 'gp3', { phase: 'Bound' }))).toMatchObject([
    {
      what: expect.stringContaining('is there with ReadWriteOnce, and cannot become ReadWriteMany'),
      remedy: expect.stringContaining('oc delete pvc dtms-data'),
    },
  ])
  expect(problemsOf(aClaim('ReadWriteMany'), disk, aClaim('ReadWriteMany', 'gp3', { phase: 'Pending' }))).toMatchObject(
    [{ what: expect.stringContaining('Pending') }],
  )
})

test('what cannot be told is said', () => {
  const claims = [claimOf(aClaim('ReadWriteMany', 'magic'), undefined)]
  expect(storageDoubts(claims, aNamespace([unknown]))).toEqual([expect.stringContaining('storage.example.org')])
  expect(storageDoubts(claims, aNamespace([]))).toEqual([expect.stringContaining('not known')])
  expect(storageDoubts([claimOf(aClaim('ReadWriteOnce', 'magic'), undefined)], aNamespace([unknown]))).toEqual([])
})
