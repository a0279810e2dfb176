import { DtmsError } from '../../lib/errors.ts'
import type { Answer, ClusterApi } from './cluster.ts'
import { runTool, type Tool } from './tool.ts'

/** Processes at a time: each costs a tenth of a second of CPU. */
const AT_ONCE = 4

/** The API server as oc or kubectl reach it, with their login. */
export function createKubectlApi(tool: Tool): ClusterApi {
  let running = 0
  const waiting: (() => void)[] = []
  const ask = async (args: readonly string[], input?: string): Promise<Answer> => {
    if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    running += 1
    try {
      const { code, out, err } = await runTool(tool, [...args, ...tool.options], input)
      if (code !== 0) return refusal(tool, err)
      return { state: 'found', body: JSON.parse(out) }
    } catch (error) {
      if (error instanceof SyntaxError) throw notAsked(tool, 'its answer is no JSON', 'is this address an API server?')
      throw error
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
  return {
    get: (path) => ask(['get', '--raw', path]),
    post: (path, body) => ask(['create', '--raw', path, '-f', '-'], JSON.stringify(body)),
  }
}

function refusal(tool: Tool, err: string): Answer {
  if (/\(Forbidden\)|is forbidden/.test(err)) return { state: 'forbidden' }
  if (/\(NotFound\)|could not find the requested resource/.test(err)) return { state: 'absent' }
  const said = err.trim().split('\n').at(-1) ?? ''
  if (/Unauthorized|must be logged in|provide credentials/i.test(err)) {
    throw notAsked(tool, 'you are not logged in', `log in first${tool.name === 'oc' ? ': oc login' : ''} (${said})`)
  }
  throw notAsked(tool, said, `does \`${tool.name} get resourcequota\` work? or give files with --namespace-file`)
}

function notAsked(tool: Tool, why: string, hint: string): DtmsError {
  return new DtmsError('usage.invalid', `the cluster cannot be asked through ${tool.name}: ${why}`, { hint })
}

/** The namespace that the login points to. */
export async function currentNamespace(tool: Tool): Promise<string> {
  const { code, out } = await runTool(tool, [
    'config',
    'view',
    '--minify',
    '-o',
    'jsonpath={..namespace}',
    ...tool.options,
  ])
  return code === 0 && out.trim() !== '' ? out.trim() : 'default'
}
