import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { DtmsError, describeSystemError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { type Loop, startLoop } from '../loop.ts'
import type { MetricsRegistry } from '../metrics.ts'
import type { Trust } from '../outgoing/trust.ts'
import type { HealthCheck } from '../service.ts'
import { createTlsMetrics } from './tls-metrics.ts'

/** How often the files are looked at, milliseconds: a cluster changes them weeks before the old certificate ends. */
const POLL_MS = 30_000

export interface ServingFiles {
  servingCertFile: string | undefined
  servingKeyFile: string | undefined
}

interface Pair {
  cert: string
  key: string
  digest: string
  /** Unix seconds. */
  endsAt: number
}

/** Undefined when the settings name no files: plain HTTP. */
export function servingCertificate(files: ServingFiles, logger: Logger): ServingCertificate | undefined {
  const { servingCertFile: certFile, servingKeyFile: keyFile } = files
  if (certFile === undefined || keyFile === undefined) return undefined
  return new ServingCertificate({ certFile, keyFile, logger })
}

/**
 * The certificate that a server shows, read again while it runs: a mounted secret gets its successor without a restart of
 * the pod. Files are compared by content, because a volume replaces the folder they lie in and a watch on it goes blind.
 * New connections see the new certificate; those that are open stay as they are. What cannot be used is not used: the old
 * one stays, and the files are looked at again.
 */
export class ServingCertificate {
  readonly registry: MetricsRegistry
  readonly #files: { certFile: string; keyFile: string }
  readonly #logger: Logger
  readonly #pollMs: number
  readonly #metrics: ReturnType<typeof createTlsMetrics>
  #pair: Pair | undefined
  #complaint: string | undefined
  #loop: Loop | undefined

  constructor(options: { certFile: string; keyFile: string; logger: Logger; pollMs?: number }) {
    const { certFile, keyFile, logger, pollMs = POLL_MS } = options
    this.#files = { certFile, keyFile }
    this.#logger = logger
    this.#pollMs = pollMs
    this.#metrics = createTlsMetrics(() => this.#pair?.endsAt)
    this.registry = this.#metrics.registry
  }

  /**
   * What the server begins with. One that has ended is used all the same and complained about: a pod that does not start
   * would only hide why nobody believes it.
   * @throws DtmsError `config.invalid` when the files cannot be used
   */
  async open(): Promise<SecureContextOptions> {
    const { certFile, keyFile } = this.#files
    try {
      this.#pair = await readPair(certFile, keyFile)
    } catch (error) {
      throw new DtmsError(
        'config.invalid',
        `no certificate to serve with (DTMS_TLS_CERT_FILE ${certFile}, DTMS_TLS_KEY_FILE ${keyFile}): ${reasonOf(error)}`,
        {
          hint: 'check that the secret <service>-tls is there and mounted: OpenShift makes it for a Service annotated with service.beta.openshift.io/serving-cert-secret-name; docs/tls.md has the other ways',
          cause: error,
        },
      )
    }
    const { detail } = this.check()
    if (detail !== undefined) this.#logger.warn('the certificate is not valid any more', { detail, file: certFile })
    return contextOf(this.#pair)
  }

  /** Begins to look for a successor, after `open`. */
  follow(use: (context: SecureContextOptions) => void): void {
    this.#loop ??= startLoop(
      async () => {
        await this.#look(use)
        return this.#pollMs
      },
      (error) => this.#complain(reasonOf(error)),
    )
  }

  async close(): Promise<void> {
    await this.#loop?.stop()
  }

  /**
   * Never bad: taking the pod out of its Service would keep away even those who can do without a valid certificate, and
   * bring none back. The detail names one that has ended.
   */
  check(): HealthCheck {
    const { endsAt } = this.#pair ?? {}
    if (endsAt === undefined || endsAt * 1000 > Date.now()) return { ok: true }
    return { ok: true, detail: `the certificate ended ${toIso(endsAt)}: clients that check it refuse it` }
  }

  /** How this very process knows itself: by the certificate, whatever name it is for. */
  trust(): Trust | undefined {
    return this.#pair === undefined ? undefined : { ca: this.#pair.cert, anyName: true }
  }

  async #look(use: (context: SecureContextOptions) => void): Promise<void> {
    const pair = await readPair(this.#files.certFile, this.#files.keyFile)
    if (pair.digest === this.#pair?.digest) {
      this.#complaint = undefined
      return
    }
    if (pair.endsAt * 1000 <= Date.now()) throw new Error(`it ended ${toIso(pair.endsAt)}`)
    use(contextOf(pair))
    this.#pair = pair
    this.#complaint = undefined
    this.#metrics.reloads.inc({ result: 'ok' })
    this.#logger.info('a new certificate is in use', { file: this.#files.certFile, ends_at: toIso(pair.endsAt) })
  }

  /** Each look that fails counts; the same reason is told once. */
  #complain(reason: string): number {
    this.#metrics.reloads.inc({ result: 'failed' })
    if (reason !== this.#complaint) {
      this.#complaint = reason
      this.#logger.warn('the certificate files cannot be used; the certificate in use stays', {
        file: this.#files.certFile,
        reason,
        ends_at: this.#pair === undefined ? undefined : toIso(this.#pair.endsAt),
      })
    }
    return this.#pollMs
  }
}

function contextOf({ cert, key }: Pick<Pair, 'cert' | 'key'>): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' }
}

/** @throws an Error that says in words why the two files cannot be used */
async function readPair(certFile: string, keyFile: string): Promise<Pair> {
  // The folder may be replaced between two reads: only a key between two equal certificates belongs to them.
  let cert = await readText(certFile)
  let key = await readText(keyFile)
  for (let again = await readText(certFile); again !== cert; again = await readText(certFile)) {
    cert = again
    key = await readText(keyFile)
  }
  const certificate = told(`${certFile} holds no certificate in PEM`, () => new X509Certificate(cert))
  const privateKey = told(`${keyFile} holds no private key in PEM`, () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey)) throw new Error(`${keyFile} is not the key of ${certFile}`)
  told(`${certFile} is refused`, () => createSecureContext(contextOf({ cert, key })))
  const digest = createHash('sha256').update(cert).update('\0').update(key).digest('hex')
  return { cert, key, digest, endsAt: Date.parse(certificate.validTo) / 1000 }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Error(`${file} cannot be read (${describeSystemError(error)})`, { cause: error })
  }
}

function told<T>(words: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${words} (${describeSystemError(error)})`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function toIso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
