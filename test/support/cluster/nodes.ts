import type { KubeApi } from './kube-api.ts'
import { MOUNTED } from './mounts.ts'

/** Cap of a wait for the cluster, in ms: generous, since two busy cores share it with everything else. */
export const PATIENCE = 120_000

/** Names of the simulated nodes: more than one, so that a volume for one node can be missed. */
export const NODES = ['node-1', 'node-2', 'node-3'] as const

/** Nodes with room for everything: what stops a pod in these tests is the namespace, never the machine. */
export async function addNodes(admin: KubeApi): Promise<void> {
  for (const name of NODES) {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }
    await admin.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } })
    // Every new node is born as not ready; the controller that would take this mark away looks for beats.
    await admin.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } })
  }
}

const NODE_STAGE = `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: node-starts}
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector:
    matchExpressions:
      - {key: '.status.conditions.[] | select(.type == "Ready") | .status', operator: NotIn, values: ["True"]}
  next:
    statusTemplate: |
      {{ $now := Now }}
      capacity: {cpu: 16, memory: 64Gi, pods: 110, ephemeral-storage: 100Gi}
      allocatable: {cpu: 16, memory: 64Gi, pods: 110, ephemeral-storage: 100Gi}
      conditions:
        - {type: Ready, status: "True", reason: Simulated, lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }}}
`

/**
 * What becomes of a pod on a simulated node: it runs a moment after what it mounts was found, a job's pod ends well after a longer one, a deleted
 * one is gone after a moment. The moments are there so that old and new pods really live side by side during an update.
 */
export function stages(): string {
  return [
    NODE_STAGE,
    stage(
      'runs',
      1000,
      [
        `{key: .metadata.deletionTimestamp, operator: DoesNotExist}`,
        `{key: .status.phase, operator: In, values: [Pending]}`,
        `{key: '.metadata.annotations["${MOUNTED}"]', operator: Exists}`,
      ],
      'Running',
      'true',
      `running: {startedAt: {{ $now | Quote }}}`,
    ),
    stage(
      'ends',
      5000,
      [
        `{key: .metadata.deletionTimestamp, operator: DoesNotExist}`,
        `{key: .status.phase, operator: In, values: [Running]}`,
        `{key: ".metadata.ownerReferences.[].kind", operator: In, values: [Job]}`,
      ],
      'Succeeded',
      'false',
      `terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}`,
    ),
    `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-goes}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
      - {key: .metadata.deletionTimestamp, operator: Exists}
  delay: {durationMilliseconds: 500}
  next: {delete: true}
`,
  ].join('---\n')
}

function stage(name: string, ms: number, when: string[], phase: string, ready: string, state: string): string {
  const condition = (type: string) =>
    `        - {type: ${type}, status: "${ready === 'true' ? 'True' : 'False'}", lastTransitionTime: {{ $now | Quote }}}`
  return `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-${name}}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
${when.map((line) => `      - ${line}`).join('\n')}
  delay: {durationMilliseconds: ${ms}}
  next:
    statusTemplate: |
      {{ $now := Now }}
      phase: ${phase}
      startTime: {{ $now | Quote }}
      conditions:
        - {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
${['ContainersReady', 'Ready'].map(condition).join('\n')}
      containerStatuses:
      {{ range .spec.containers }}
        - name: {{ .name | Quote }}
          image: {{ .image | Quote }}
          ready: ${ready}
          started: ${ready}
          restartCount: 0
          state: {${state}}
      {{ end }}
`
}
