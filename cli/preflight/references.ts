import { z } from 'zod'
import type { Namespace } from './namespace.ts'
import { at, type KubeObject, ofKind, textAt } from './objects.ts'
import { servingSecretOf } from './plan.ts'
import type { Problem } from './problem.ts'
import type { Workload } from './workload.ts'

interface Reference {
  kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim' | 'ServiceAccount'
  name: string
  keys: string[]
  by: string
}

const optional = z.boolean().nullish()
const keyRef = z.looseObject({ name: z.string(), key: z.string(), optional }).nullish()
const wholeRef = z.looseObject({ name: z.string(), optional }).nullish()
const items = z.array(z.looseObject({ key: z.string() })).nullish()
const secretSource = z
  .looseObject({ secretName: z.string().nullish(), name: z.string().nullish(), items, optional })
  .nullish()
const mapSource = z.looseObject({ name: z.string(), items, optional }).nullish()

const specSchema = z.looseObject({
  serviceAccountName: z.string().nullish(),
  imagePullSecrets: z.array(z.looseObject({ name: z.string() })).nullish(),
  volumes: z
    .array(
      z.looseObject({
        name: z.string(),
        secret: secretSource,
        configMap: mapSource,
        persistentVolumeClaim: z.looseObject({ claimName: z.string() }).nullish(),
        projected: z
          .looseObject({
            sources: z.array(z.looseObject({ secret: secretSource, configMap: mapSource })).nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
})

const containerSchema = z.looseObject({
  env: z
    .array(
      z.looseObject({
        value: z.string().nullish(),
        valueFrom: z.looseObject({ secretKeyRef: keyRef, configMapKeyRef: keyRef }).nullish(),
      }),
    )
    .nullish(),
  envFrom: z.array(z.looseObject({ secretRef: wholeRef, configMapRef: wholeRef })).nullish(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).nullish(),
})

/** Objects that a workload's pods cannot start without. */
export function referencesOf(workload: Workload): Reference[] {
  if (workload.template === undefined) return []
  const spec = specSchema.parse(workload.template.spec)
  const containers = [...workload.template.spec.containers, ...(workload.template.spec.initContainers ?? [])].map(
    (container) => containerSchema.parse(container),
  )
  const found: Reference[] = []
  const add = (kind: Reference['kind'], name: string, keys: readonly string[], mayLack?: boolean | null): void => {
    if (mayLack !== true) found.push({ kind, name, keys: [...keys], by: workload.name })
  }
  for (const { env, envFrom } of containers) {
    for (const { valueFrom } of env ?? []) {
      const { secretKeyRef: secret, configMapKeyRef: map } = valueFrom ?? {}
      if (secret) add('Secret', secret.name, [secret.key], secret.optional)
      if (map) add('ConfigMap', map.name, [map.key], map.optional)
    }
    for (const { secretRef, configMapRef } of envFrom ?? []) {
      if (secretRef) add('Secret', secretRef.name, [], secretRef.optional)
      if (configMapRef) add('ConfigMap', configMapRef.name, [], configMapRef.optional)
    }
  }
  for (const volume of spec.volumes ?? []) {
    const sources = [volume, ...(volume.projected?.sources ?? [])]
    for (const { secret, configMap } of sources) {
      const secretName = secret?.secretName ?? secret?.name
      // Without items a file of the mount is named by a setting that ends in its key.
      const read = filesRead(containers, volume.name)
      if (secretName) add('Secret', secretName, keysOf(secret?.items) ?? read, secret?.optional)
      if (configMap) add('ConfigMap', configMap.name, keysOf(configMap.items) ?? [], configMap.optional)
    }
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim !== undefined) add('PersistentVolumeClaim', claim, [])
  }
  for (const { name } of spec.imagePullSecrets ?? []) add('Secret', name, [])
  if (spec.serviceAccountName) add('ServiceAccount', spec.serviceAccountName, [])
  return found
}

function keysOf(list: z.infer<typeof items>): string[] | undefined {
  return list?.map(({ key }) => key)
}

function filesRead(containers: readonly z.infer<typeof containerSchema>[], volume: string): string[] {
  return containers.flatMap(({ env, volumeMounts }) =>
    (volumeMounts ?? [])
      .filter((mount) => mount.name === volume)
      .flatMap(({ mountPath }) => {
        const folder = `${mountPath.replace(/\/$/, '')}/`
        const values = (env ?? []).map(({ value }) => value ?? '').filter((value) => value.startsWith(folder))
        return values.map((value) => value.slice(folder.length))
      }),
  )
}

/** Given to every namespace or made by the cluster when a Service asks for it. */
const GIVEN = ['kube-root-ca.crt', 'openshift-service-ca.crt', 'default']

/** What pods refer to and nobody brings: neither the manifests nor, where it could be seen, the namespace. */
export function referenceProblems(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  namespace: Namespace,
): Problem[] {
  const certificates = new Set(ofKind(objects, 'Service').map(servingSecretOf))
  const wanted = new Map<string, Reference & { users: Set<string> }>()
  for (const reference of workloads.flatMap(referencesOf)) {
    if (GIVEN.includes(reference.name) || certificates.has(reference.name)) continue
    const id = `${reference.kind}/${reference.name}`
    const before = wanted.get(id) ?? { ...reference, keys: [], users: new Set() }
    before.keys = [...new Set([...before.keys, ...reference.keys])]
    before.users.add(reference.by)
    wanted.set(id, before)
  }
  return [...wanted.values()].flatMap(({ kind, name, keys, users }): Problem[] => {
    const own = find(objects, kind, name)
    const object = own ?? find(namespace.objects, kind, name)
    if (object === undefined && !namespace.kinds.has(kind)) return []
    const missing = object === undefined ? keys : keys.filter((key) => !hasKey(object, key))
    if (object !== undefined && missing.length === 0) return []
    const which = missing.length === 0 ? '' : missing.length === 1 ? `key ${missing[0]}` : `keys ${missing.join(', ')}`
    const lack =
      object === undefined
        ? `${kind} ${name} is not there${which === '' ? '' : ` (${which})`}`
        : `${kind} ${name} has no ${which}`
    const remedy =
      own === undefined
        ? remedyFor(kind, name, keys, object !== undefined, namespace.tool)
        : 'correct it in the manifests'
    return [{ what: `${lack}; ${[...users].join(', ')} cannot start without it`, remedy, cause: 'setup' }]
  })
}

function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject | undefined {
  return objects.find((object) => object.kind === kind && object.metadata.name === name)
}

function hasKey(object: KubeObject, key: string): boolean {
  return ['data', 'stringData', 'binaryData'].some((part) => at(object.body, part, key) !== undefined)
}

const RANDOM = '"$(openssl rand -hex 24)"'

function remedyFor(
  kind: Reference['kind'],
  name: string,
  keys: readonly string[],
  there: boolean,
  tool: string,
): string {
  if (kind === 'ServiceAccount') return `${tool} create serviceaccount ${name}`
  if (kind === 'PersistentVolumeClaim') return `apply the folder openshift/storage first, or name a claim that is there`
  const type = kind === 'Secret' ? 'secret generic' : 'configmap'
  const literals = keys.map((key) => `--from-literal=${key}=${valueFor(name, key)}`).join(' ')
  const create = `${tool} create ${type} ${name} ${literals}`.trim()
  return there ? `${create} --dry-run=client -o yaml | ${tool} apply -f -` : create
}

function valueFor(name: string, key: string): string {
  if (/user/.test(key)) return 'admin'
  return /key|password|token|secret/.test(`${name} ${key}`) ? RANDOM : 'VALUE'
}

/** The objects to be looked up by name, for a caller who may not list them. */
export function namesOf(workloads: readonly Workload[], kind: Reference['kind']): string[] {
  const names = workloads.flatMap(referencesOf).filter((reference) => reference.kind === kind)
  return [...new Set(names.map(({ name }) => name))]
}

/** Where a image stream's tag is used; see images.ts. */
export function imagesOf(workload: Workload): string[] {
  if (workload.template === undefined) return []
  const { containers, initContainers } = workload.template.spec
  return [...containers, ...(initContainers ?? [])].map((container) => textAt(container, 'image') ?? '')
}
