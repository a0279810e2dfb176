import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DtmsError, systemCode } from '../../lib/errors.ts'
import { type Documents, parseDocuments } from './documents.ts'
import type { Namespace } from './namespace.ts'
import { partOf } from './objects.ts'
import { readText } from './render.ts'
import { rulesSchema } from './rules.ts'

/** What somebody wrote down about a namespace: files, or folders of them. */
export function offlineNamespace(paths: readonly string[], name: string | undefined, tool: string): Namespace {
  const all: Documents = { objects: [], kinds: new Set() }
  for (const file of paths.flatMap(filesOf)) {
    const { objects, kinds } = parseDocuments(readText(file), file)
    all.objects.push(...objects)
    for (const kind of kinds) all.kinds.add(kind)
  }
  if (all.objects.length === 0) {
    throw new DtmsError('usage.invalid', `${paths.join(', ')}: no Kubernetes object in there`, {
      hint: 'for example: oc get resourcequota,limitrange -o yaml > namespace.yaml',
    })
  }
  const review = all.objects.find(({ kind }) => kind === 'SelfSubjectRulesReview')
  return {
    name: name ?? all.objects.find(({ metadata }) => metadata.namespace !== undefined)?.metadata.namespace ?? 'given',
    objects: all.objects,
    kinds: all.kinds,
    rules: review === undefined ? undefined : partOf(review, rulesSchema, 'status'),
    served: new Map(),
    unseen: unseenOf(all.kinds),
    tool,
  }
}

/** What the verdict rests on; without it the verdict says less. */
const WEIGHTY = new Map([
  ['ResourceQuota', 'whether CPU, memory and counts fit'],
  ['LimitRange', 'whether the limits of containers are allowed, and defaults'],
  ['StorageClass', 'whether the claims get volumes'],
  ['SelfSubjectRulesReview', 'whether you may create everything'],
  ['Secret', 'whether the secrets are there'],
])

function unseenOf(kinds: ReadonlySet<string>): string[] {
  const hasQuota = [...kinds].some((kind) => kind.endsWith('ResourceQuota'))
  return [...WEIGHTY]
    .filter(([kind]) => !(kinds.has(kind) || (kind === 'ResourceQuota' && hasQuota)))
    .map(([kind, what]) => `no ${kind} was given: ${what}`)
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
  } catch (error) {
    // A file that is not there is told by whoever reads it.
    if (systemCode(error) !== undefined) return [path]
    throw error
  }
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name))
}
