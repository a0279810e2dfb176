import type { Namespace } from './namespace.ts'
import { type KubeObject, ofKind, textAt } from './objects.ts'
import type { Claim } from './plan.ts'
import { claimOf } from './plan.ts'
import type { Problem } from './problem.ts'

const MANY =
  /cephfs|nfs|efs\.csi|azure-file|file\.csi\.azure|filestore|glusterfs|longhorn|manila|smb|cifs|gpfs|spectrumscale|lustre|quobyte|juicefs|weka/i
const ONE_NODE =
  /ebs|azure-disk|disk\.csi\.azure|gce-pd|pd\.csi\.storage\.gke|cinder|rbd|topolvm|lvm|local|no-provisioner|hostpath|block|digitalocean|linode|hetzner|diskplugin/i

const WITHOUT_MANY = 'take a storage component that needs no ReadWriteMany: storage-rwo-colocated, or single-pod'

export function defaultClassOf(objects: readonly KubeObject[]): string | undefined {
  const marked = ofKind(objects, 'StorageClass').filter(({ metadata: { annotations } }) =>
    ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'].some(
      (name) => annotations[name] === 'true',
    ),
  )
  return marked[0]?.metadata.name
}

/** Whether volumes of a provisioner can be mounted on several nodes; undefined: its name does not tell. */
export function offersMany(provisioner: string): boolean | undefined {
  if (MANY.test(provisioner)) return true
  return ONE_NODE.test(provisioner) ? false : undefined
}

/** Claims whose class is not there or cannot do what they ask. Nothing is said while the classes are not known. */
export function storageProblems(claims: readonly Claim[], namespace: Namespace): Problem[] {
  const known = namespace.kinds.has('StorageClass')
  const classes = ofKind(namespace.objects, 'StorageClass')
  const there = new Map(ofKind(namespace.objects, 'PersistentVolumeClaim').map((claim) => [claim.metadata.name, claim]))
  const many = classes.filter((item) => offersMany(provisionerOf(item)) === true).map(({ metadata }) => metadata.name)
  const all = classes.map((item) => `${item.metadata.name} (${provisionerOf(item)})`).join(', ') || 'none'
  return claims.flatMap((claim): Problem[] => {
    const existing = there.get(claim.name)
    if (existing !== undefined) return changed(claim, existing, namespace.tool)
    if (!known || claim.storageClass === '') return []
    if (claim.storageClass === undefined) {
      return [
        {
          what: `claim ${claim.name} names no storage class and no class is the default here; there is ${all}`,
          remedy: 'name one of them as storageClassName in openshift/storage (for the log: --component storage-rwx)',
          cause: 'setup',
        },
      ]
    }
    const found = classes.find(({ metadata }) => metadata.name === claim.storageClass)
    if (found === undefined) {
      return [
        {
          what: `claim ${claim.name} names the storage class ${claim.storageClass}, which is not here; there is ${all}`,
          remedy: insteadOf(claim, classes),
          cause: needsMany(claim) ? 'kind' : 'setup',
        },
      ]
    }
    if (!needsMany(claim) || offersMany(provisionerOf(found)) !== false) return []
    return [
      {
        what: `claim ${claim.name} needs ReadWriteMany, and storage class ${claim.storageClass} (${provisionerOf(found)}) mounts on one node only`,
        remedy:
          many.length > 0
            ? `name ${many.join(' or ')} in openshift/components/storage-rwx/storage-class.yaml and add --component storage-rwx`
            : WITHOUT_MANY,
        cause: 'kind',
      },
    ]
  })
}

/** What a claim can name when its class is not there. The default is a way out only when it can do what is asked. */
function insteadOf(claim: Claim, classes: readonly KubeObject[]): string {
  const isAble = (item: KubeObject, otherwise: boolean): boolean =>
    !needsMany(claim) || (offersMany(provisionerOf(item)) ?? otherwise)
  const named = classes.filter((item) => isAble(item, false)).map(({ metadata }) => metadata.name)
  const standard = classes.find(({ metadata }) => metadata.name === defaultClassOf(classes))
  const ways = [
    ...(named.length > 0 ? [`name ${named.join(' or ')} instead`] : []),
    ...(standard !== undefined && isAble(standard, true) ? ['name none for the default'] : []),
  ]
  if (ways.length > 0) return ways.join(', or ')
  return needsMany(claim) ? WITHOUT_MANY : 'ask for a storage class; without one only the component ephemeral runs'
}

/** Notes about classes whose name does not tell whether several nodes may mount them. */
export function storageDoubts(claims: readonly Claim[], namespace: Namespace): string[] {
  const classes = ofKind(namespace.objects, 'StorageClass')
  const there = new Set(ofKind(namespace.objects, 'PersistentVolumeClaim').map(({ metadata }) => metadata.name))
  return claims
    .filter((claim) => needsMany(claim) && !there.has(claim.name))
    .flatMap((claim) => {
      if (!namespace.kinds.has('StorageClass')) {
        return [`claim ${claim.name} needs ReadWriteMany: the storage classes are not known`]
      }
      const found = classes.find(({ metadata }) => metadata.name === claim.storageClass)
      if (found === undefined || offersMany(provisionerOf(found)) !== undefined) return []
      return [
        `whether ${claim.storageClass} (${provisionerOf(found)}) offers ReadWriteMany cannot be told from its name`,
      ]
    })
}

function needsMany({ accessModes }: Claim): boolean {
  return accessModes.includes('ReadWriteMany')
}

function provisionerOf(storageClass: KubeObject): string {
  return textAt(storageClass.body, 'provisioner') ?? ''
}

/** A claim that exists keeps its modes and class: the cluster refuses to change them. */
function changed(claim: Claim, existing: KubeObject, tool: string): Problem[] {
  const before = claimOf(existing, claim.storageClass)
  const sameModes = [...before.accessModes].sort().join() === [...claim.accessModes].sort().join()
  const pending = textAt(existing.body, 'status', 'phase') === 'Pending' && needsMany(claim)
  if (sameModes && !pending) return []
  const what = sameModes
    ? `claim ${claim.name} is there but Pending: no volume was made for it (ReadWriteMany, class ${before.storageClass ?? 'none'})`
    : `claim ${claim.name} is there with ${before.accessModes.join(', ')}, and cannot become ${claim.accessModes.join(', ')}`
  return [
    {
      what,
      remedy: `keep the storage component it was made with, or save the data and delete it: ${tool} delete pvc ${claim.name}`,
      cause: 'kind',
    },
  ]
}
