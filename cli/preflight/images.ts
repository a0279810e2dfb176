import type { Namespace } from './namespace.ts'
import { at, type KubeObject, listAt, ofKind, textAt } from './objects.ts'
import type { Problem } from './problem.ts'
import { imagesOf } from './references.ts'
import type { Workload } from './workload.ts'

/** Images that pods take from an image stream of this namespace in which there is none yet. */
export function imageProblems(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  namespace: Namespace,
): Problem[] {
  if (!namespace.kinds.has('ImageStream')) return []
  const planned = new Map(ofKind(objects, 'ImageStream').map((stream) => [stream.metadata.name, stream]))
  const there = new Map(ofKind(namespace.objects, 'ImageStream').map((stream) => [stream.metadata.name, stream]))
  const images = new Set(workloads.flatMap(imagesOf))
  return [...images].flatMap((image): Problem[] => {
    const [, name, tag = 'latest'] = /^([a-z0-9-]+)(?::([\w.-]+))?$/.exec(image) ?? []
    if (name === undefined || !(planned.has(name) || there.has(name))) return []
    if (isBuilt(there.get(name), tag)) return []
    // A tag that names its source is imported by the cluster as soon as the stream is there.
    if (!there.has(name) && isImported(planned.get(name), tag)) return []
    const build = ofKind(objects, 'BuildConfig').find(
      ({ body }) => textAt(body, 'spec', 'output', 'to', 'name') === `${name}:${tag}`,
    )
    const { tool } = namespace
    return [
      {
        what: `image stream ${name} has no image ${tag} yet; its pods cannot start`,
        remedy:
          build === undefined
            ? `${tool} import-image ${name}:${tag}, and look at \`${tool} describe imagestream ${name}\``
            : `${tool} apply -f openshift/build && ${tool} start-build ${build.metadata.name} --from-dir . --follow`,
        cause: 'setup',
      },
    ]
  })
}

function isBuilt(stream: KubeObject | undefined, tag: string): boolean {
  const tags = listAt(stream?.body, 'status', 'tags')
  return tags.some((entry) => textAt(entry, 'tag') === tag && listAt(entry, 'items').length > 0)
}

function isImported(stream: KubeObject | undefined, tag: string): boolean {
  return listAt(stream?.body, 'spec', 'tags').some(
    (entry) => textAt(entry, 'name') === tag && at(entry, 'from') !== undefined,
  )
}
