import type { KubeObject } from './objects.ts'
import type { Rules } from './rules.ts'

/** Everything that is known about the namespace, and what is not. */
export interface Namespace {
  name: string
  objects: readonly KubeObject[]
  /** Kinds that could be listed: one that is not among the objects is not there. */
  kinds: ReadonlySet<string>
  /** What the caller may do; undefined when nobody said. */
  rules: Rules | undefined
  /** Kinds' plurals by API version; an API version that the cluster does not serve has none. Absent: not asked. */
  served: ReadonlyMap<string, ReadonlySet<string>>
  /** What could not be seen, one sentence each: the result does not cover it. */
  unseen: readonly string[]
  /** The command that remedies are written with: oc or kubectl. */
  tool: string
}
