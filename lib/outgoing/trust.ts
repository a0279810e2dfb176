import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { DtmsError, describeSystemError } from '../errors.ts'

/** Whom a call over TLS believes, instead of the public authorities that Node knows. */
export interface Trust {
  /** Certificates in PEM: of authorities, or of the server itself. */
  ca: string
  /** Only for calls of a process to itself: its certificate is for a Service, the call goes to an address. */
  anyName?: boolean
}

/** Read at every call: the bundle of a cluster grows when its authority is renewed, and the calls are few. */
export async function readTrust(caFile: string): Promise<Trust> {
  try {
    return { ca: await readFile(caFile, 'utf8') }
  } catch (error) {
    throw new DtmsError('config.invalid', `DTMS_TLS_CA_FILE ${caFile} cannot be read (${describeSystemError(error)})`, {
      hint: 'check that the ConfigMap with the authorities is there and mounted (docs/tls.md)',
      cause: error,
    })
  }
}

export function trustOptions(trust: Trust | undefined): ConnectionOptions {
  if (trust === undefined) return {}
  return {
    ca: trust.ca,
    ...(trust.anyName === true ? { allowPartialTrustChain: true, checkServerIdentity: () => undefined } : {}),
  }
}
