import { type KubeApi, KubeError, type KubeObject } from './kube-api.ts'

const CLASSES = '/apis/storage.k8s.io/v1/storageclasses'
/** Drivers by the names of real ones: what a class can do is told by nothing else. */
const PROVISIONERS = { nfs: 'nfs.csi.k8s.io', block: 'ebs.csi.aws.com' }

/** `nfs` can be mounted on several nodes, `block` on one. */
export type VolumeClass = 'nfs' | 'block'

interface Claim extends KubeObject {
  spec: {
    storageClassName?: string
    accessModes: string[]
    volumeName?: string
    resources: { requests: { storage: string } }
  }
  status: { phase: string }
}

/** Binds claims by making the volumes that they ask for, as the driver of a storage class does. */
export interface VolumeProvisioner {
  /** Sets which classes there are; the first is the default. Claims that are bound stay so. */
  offer(...classes: VolumeClass[]): Promise<void>
  /** Throws what went wrong meanwhile. */
  check(): void
  stop(): void
}

export async function provisionVolumes(admin: KubeApi): Promise<VolumeProvisioner> {
  let failure: unknown
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const refused = new Set<string>()
  const turn = async (): Promise<void> => {
    try {
      for (const claim of await admin.list<Claim>('/api/v1/persistentvolumeclaims'))
        await provide(admin, claim, refused)
    } catch (error) {
      if (!stopped) failure ??= error
    }
    if (!stopped) timer = setTimeout(turn, 200)
  }
  void turn()
  return {
    offer: async (...classes) => {
      for (const { metadata } of await admin.list(CLASSES)) await admin.delete(`${CLASSES}/${metadata.name}`)
      for (const [index, name] of classes.entries()) {
        const isDefault = { 'storageclass.kubernetes.io/is-default-class': String(index === 0) }
        await admin.create(CLASSES, {
          metadata: { name, annotations: isDefault },
          provisioner: PROVISIONERS[name],
          // A block volume is made where its first pod runs, as the block classes of clouds do.
          volumeBindingMode: name === 'block' ? 'WaitForFirstConsumer' : 'Immediate',
        })
      }
    },
    check: () => {
      if (failure !== undefined) throw failure
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function provide(admin: KubeApi, claim: Claim, refused: Set<string>): Promise<void> {
  const { name, namespace = '', uid = '', annotations = {}, deletionTimestamp } = claim.metadata
  if (claim.status.phase !== 'Pending' || claim.spec.volumeName !== undefined || deletionTimestamp !== undefined) return
  const provisioner = annotations['volume.kubernetes.io/storage-provisioner']
  if (provisioner === undefined || refused.has(uid)) return
  const block = claim.spec.storageClassName === 'block'
  const node = annotations['volume.kubernetes.io/selected-node']
  if (block && node === undefined) return
  if (block && !claim.spec.accessModes.includes('ReadWriteOnce')) {
    refused.add(uid)
    await refuse(admin, claim, provisioner)
    return
  }
  try {
    await admin.create('/api/v1/persistentvolumes', {
      metadata: { name: `pv-${uid}`, annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
      spec: {
        accessModes: claim.spec.accessModes,
        capacity: { storage: claim.spec.resources.requests.storage },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
        hostPath: { path: `/volumes/${uid}` },
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: claim.spec.storageClassName,
      },
    })
  } catch (error) {
    // Made in the turn before; the binding is on its way.
    if (!(error instanceof KubeError && error.status === 409)) throw error
  }
}

/** What the drivers of block storage say to a claim for several nodes. */
async function refuse(admin: KubeApi, claim: Claim, provisioner: string): Promise<void> {
  const { name, namespace = '', uid } = claim.metadata
  await admin.create(`/api/v1/namespaces/${namespace}/events`, {
    metadata: { generateName: `${name}-` },
    type: 'Warning',
    reason: 'ProvisioningFailed',
    message: `access mode ${claim.spec.accessModes.join(', ')} is not supported by class ${claim.spec.storageClassName}`,
    involvedObject: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
    source: { component: provisioner },
    firstTimestamp: new Date().toISOString(),
    lastTimestamp: new Date().toISOString(),
  })
}
