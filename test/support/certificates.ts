import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aFolder } from './builders.ts'

export interface Issued {
  cert: string
  key: string
}

export interface Authority {
  /** Its own certificate, PEM. */
  cert: string
  /** A server certificate for these names; `days` may be negative: it has ended then. */
  issue(names: readonly string[], days?: number): Issued
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate authority as a cluster has one for its services, made by openssl. */
export function anAuthority(name = 'service-ca'): Authority {
  const folder = aFolder()
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  }
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  openssl('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', `/CN=${name}`, '-days', '3650')
  return {
    cert: read('ca.crt'),
    issue(names, days = 730) {
      writeFileSync(join(folder, 'names'), `subjectAltName=${names.map(alternativeName).join(',')}\n`)
      openssl('req', ...NEW_KEY, '-keyout', 'tls.key', '-out', 'tls.csr', '-subj', `/CN=${names[0]}`)
      const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
      openssl('x509', '-req', '-in', 'tls.csr', ...signer, '-days', String(days), '-out', 'tls.crt')
      return { cert: read('tls.crt'), key: read('tls.key') }
    },
  }
}

function alternativeName(name: string): string {
  return /^[0-9.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`
}

export interface MountedSecret {
  certFile: string
  keyFile: string
  /** Everything at once, as the kubelet does it: a new folder, and one symbolic link that is replaced. */
  replace(files: Record<string, string>): void
}

/** A secret as it is mounted into a pod: `tls.crt` leads to `..data/tls.crt`, and `..data` to a folder that is replaced. */
export function aMountedSecret(first: Issued): MountedSecret {
  const folder = aFolder()
  let generation = 0
  const replace = (files: Record<string, string>): void => {
    const old = `..generation-${generation}`
    generation += 1
    const name = `..generation-${generation}`
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text)
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    rmSync(join(folder, old), { recursive: true, force: true })
  }
  replace(toFiles(first))
  for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(folder, file))
  return { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key'), replace }
}

export function toFiles({ cert, key }: Issued): Record<string, string> {
  return { 'tls.crt': cert, 'tls.key': key }
}
