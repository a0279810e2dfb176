import { type ChildProcess, execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { DtmsError } from '../../lib/errors.ts'

/** oc or kubectl, and how it is called. */
export interface Tool {
  path: string
  /** oc or kubectl: remedies are written with it. */
  name: string
  /** Options that every call to the cluster gets. */
  options: readonly string[]
}

const MOST_BYTES = 256 * 1024 * 1024

/** The given program, else oc or kubectl of the PATH; undefined when there is none. */
export function findTool(
  given: string | undefined,
  path: string | undefined,
  options: readonly string[],
): Tool | undefined {
  if (given !== undefined) return { path: given, name: basename(given).startsWith('oc') ? 'oc' : 'kubectl', options }
  for (const name of ['oc', 'kubectl']) {
    for (const folder of (path ?? '').split(delimiter)) {
      const file = join(folder, name)
      if (folder !== '' && isProgram(file)) return { path: file, name, options }
    }
  }
  return undefined
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export function noTool(why: string): DtmsError {
  return new DtmsError('usage.invalid', `neither oc nor kubectl is on the PATH, which ${why}`, {
    hint: 'install one of them or name it with --kubectl PATH; without: --manifests FILE for what is to be applied, --namespace-file for what is there',
  })
}

export interface Output {
  code: number
  out: string
  err: string
}

/**
 * Runs the tool to its end.
 * @throws DtmsError `usage.invalid` when it cannot be started
 */
export function runTool(tool: Tool, args: readonly string[], input?: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = execFile(tool.path, args, { maxBuffer: MOST_BYTES }, (error, out, err) => {
      if (error === null) return resolve({ code: 0, out, err })
      if (typeof error.code === 'number') return resolve({ code: error.code, out, err })
      reject(
        new DtmsError('usage.invalid', `${tool.path} cannot be run (${error.code ?? error.message})`, {
          hint: 'name oc or kubectl with --kubectl PATH',
          cause: error,
        }),
      )
    })
    // A tool that ends without reading closes its end first.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}
