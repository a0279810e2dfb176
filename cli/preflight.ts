import type { AddCommand } from './command.ts'
import type { CliContext } from './context.ts'
import { type Alternative, withAlternatives } from './preflight/alternatives.ts'
import { assess } from './preflight/assess.ts'
import { choiceText, otherChoices } from './preflight/choices.ts'
import { type ClusterApi, readNamespace, readServed } from './preflight/cluster.ts'
import { createKubectlApi, currentNamespace } from './preflight/kubectl-api.ts'
import type { Namespace } from './preflight/namespace.ts'
import type { KubeObject } from './preflight/objects.ts'
import { offlineNamespace } from './preflight/offline.ts'
import { findPodApi } from './preflight/pod-api.ts'
import { namesOf } from './preflight/references.ts'
import { manifestFolder, profilesIn, readManifests, renderProfile } from './preflight/render.ts'
import { toJson, toText } from './preflight/report.ts'
import { findTool, noTool, type Tool } from './preflight/tool.ts'
import { workloadsOf } from './preflight/workload.ts'

interface PreflightFlags {
  profile?: string
  component: string[]
  manifests?: string
  namespace?: string
  namespaceFile: string[]
  kubeconfig?: string
  context?: string
  kubectl?: string
  json?: boolean
}

export const addPreflight: AddCommand = (program, context, act) => {
  const more = (value: string, before: string[]): string[] => [...before, value]
  program
    .command('preflight')
    .description('say whether DTMS fits into a namespace, and if not, what to do')
    .option('--profile <name>', 'profile or overlay to try: 3, 1, 0.5, kubernetes ... (3)')
    .option('--component <name>', 'component above the profile (repeat for more)', more, [])
    .option('--manifests <file>', 'rendered manifests instead of a profile (- is standard input)')
    .option('-n, --namespace <name>', 'namespace to look at (that of the login)')
    .option(
      '--namespace-file <path>',
      "the namespace's quotas, limit ranges ... as files or folders (repeat)",
      more,
      [],
    )
    .option('--kubeconfig <file>', 'login to use')
    .option('--context <name>', 'context of the login to use')
    .option('--kubectl <path>', 'oc or kubectl to use (the one on the PATH)')
    .option('--json', 'one JSON object on stdout')
    .action((flags: PreflightFlags) => act(() => runPreflight(context, flags)))
}

async function runPreflight(context: CliContext, flags: PreflightFlags): Promise<number> {
  const options = [
    ...(flags.kubeconfig === undefined ? [] : ['--kubeconfig', flags.kubeconfig]),
    ...(flags.context === undefined ? [] : ['--context', flags.context]),
  ]
  const tool = findTool(flags.kubectl, context.env.PATH, options)
  const objects = await manifestsOf(flags, tool)
  const { namespace, addServed } = await look(context, flags, tool, objects)
  const assessment = assess(objects, namespace)
  let { problems } = assessment
  if (problems.some(({ cause }) => cause !== 'setup')) {
    const alternatives: Alternative[] = []
    for (const { name, rendered } of await renderOthers(flags, tool)) {
      alternatives.push({ name, assessment: assess(rendered, await addServed(rendered)) })
    }
    problems = withAlternatives(assessment, alternatives)
  }
  const verdict = { profile: titleOf(flags), namespace: namespace.name, assessment, problems, unseen: namespace.unseen }
  context.out(flags.json === true ? JSON.stringify(toJson(verdict)) : toText(verdict))
  return problems.length === 0 ? 0 : 1
}

const DEFAULT_PROFILE = '3'

function titleOf({ profile, manifests, component }: PreflightFlags): string {
  if (profile !== undefined || manifests === undefined) {
    return [profile ?? DEFAULT_PROFILE, ...component].join(' + ')
  }
  return manifests === '-' ? 'from standard input' : `from ${manifests}`
}

async function manifestsOf(flags: PreflightFlags, tool: Tool | undefined): Promise<KubeObject[]> {
  if (flags.manifests !== undefined) return readManifests(flags.manifests)
  if (tool === undefined) throw noTool('is needed to render a profile')
  return renderProfile(tool, manifestFolder(), flags.profile ?? DEFAULT_PROFILE, flags.component)
}

async function renderOthers(
  { profile, manifests }: PreflightFlags,
  tool: Tool | undefined,
): Promise<{ name: string; rendered: KubeObject[] }[]> {
  if (tool === undefined) return []
  const folder = manifestFolder()
  const chosen = manifests === undefined ? (profile ?? DEFAULT_PROFILE) : profile
  const others = otherChoices(chosen, profilesIn(folder)).map(async (choice) => ({
    name: choiceText(choice),
    rendered: await renderProfile(tool, folder, choice.profile, choice.components),
  }))
  return Promise.all(others)
}

interface Looked {
  namespace: Namespace
  /** The same namespace, with what is known about the kinds of other manifests. */
  addServed(objects: readonly KubeObject[]): Promise<Namespace>
}

async function look(
  context: CliContext,
  flags: PreflightFlags,
  tool: Tool | undefined,
  objects: readonly KubeObject[],
): Promise<Looked> {
  if (flags.namespaceFile.length > 0) {
    const namespace = offlineNamespace(flags.namespaceFile, flags.namespace, tool?.name ?? 'oc')
    return { namespace, addServed: async () => namespace }
  }
  const access = await findApi(context, flags, tool)
  const secrets = namesOf(workloadsOf(objects, []), 'Secret')
  const name = flags.namespace ?? access.namespace
  const namespace = await readNamespace(access.api, name, tool?.name ?? 'oc', objects, secrets)
  return {
    namespace,
    async addServed(others) {
      const unknown = others.filter(({ apiVersion }) => !namespace.served.has(apiVersion))
      return { ...namespace, served: new Map([...namespace.served, ...(await readServed(access.api, unknown))]) }
    },
  }
}

/** In a pod its own account; elsewhere the login of oc or kubectl. */
async function findApi(
  context: CliContext,
  flags: PreflightFlags,
  tool: Tool | undefined,
): Promise<{ api: ClusterApi; namespace: string }> {
  const named = flags.kubeconfig ?? flags.context ?? flags.kubectl
  const inPod = named === undefined ? findPodApi(context.env) : undefined
  if (inPod !== undefined) return inPod
  if (tool === undefined) throw noTool('is needed to look into the namespace')
  return { api: createKubectlApi(tool), namespace: flags.namespace ?? (await currentNamespace(tool)) }
}
