import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { DtmsError, describeSystemError } from '../../lib/errors.ts'
import type { Answer, ClusterApi } from './cluster.ts'

/** Where a pod finds its token, the cluster's certificate and its namespace. */
export const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

const DEADLINE_MS = 15_000

export interface PodAccess {
  api: ClusterApi
  namespace: string
}

/** The API server as a pod reaches it with its service account; undefined outside of a pod. */
export function findPodApi(env: Record<string, string | undefined>, folder = ACCOUNT_FOLDER): PodAccess | undefined {
  const host = env.KUBERNETES_SERVICE_HOST
  if (host === undefined || host === '' || !existsSync(join(folder, 'token'))) return undefined
  const port = Number(env.KUBERNETES_SERVICE_PORT ?? 443)
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8').trim()
  const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
    call({ host, port, method, path, ca: read('ca.crt'), token: read('token') }, body)
  return {
    api: { get: (path) => ask('GET', path), post: (path, body) => ask('POST', path, body) },
    namespace: existsSync(join(folder, 'namespace')) ? read('namespace') : 'default',
  }
}

interface Call {
  host: string
  port: number
  method: string
  path: string
  ca: string
  token: string
}

function call({ token, ...options }: Call, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, hint: string): void =>
      reject(new DtmsError('usage.invalid', `the API server of this pod's cluster cannot be asked: ${why}`, { hint }))
    const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json', 'Content-Type': 'application/json' }
    const sent = request({ ...options, headers, timeout: DEADLINE_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const { statusCode = 0 } = response
        if (statusCode === 403) return resolve({ state: 'forbidden' })
        if (statusCode === 404) return resolve({ state: 'absent' })
        if (statusCode === 401) return fail('the token of the service account is not accepted', 'is it mounted anew?')
        if (statusCode >= 300) return fail(`status ${statusCode}`, text.slice(0, 200))
        try {
          resolve({ state: 'found', body: JSON.parse(text) })
        } catch {
          fail('its answer is no JSON', text.slice(0, 200))
        }
      })
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.on('error', (error) =>
      fail(describeSystemError(error), 'does a network policy close the way to the API server?'),
    )
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
