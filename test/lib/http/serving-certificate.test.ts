import { writeFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ServingCertificate, servingCertificate } from '../../../lib/http/serving-certificate.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { eventually } from '../../support/builders.ts'
import { type Authority, aMountedSecret, anAuthority, type Issued, toFiles } from '../../support/certificates.ts'
import { aRecordingLogger } from '../../support/http.ts'

const NAMES = ['dtms-api.space.svc']

interface Followed {
  secret: ReturnType<typeof aMountedSecret>
  logger: ReturnType<typeof aRecordingLogger>
  certificate: ServingCertificate
  /** What the server was told to use, one after the other. */
  used: SecureContextOptions[]
}

async function aFollowed(first: Issued): Promise<Followed> {
  const secret = aMountedSecret(first)
  const logger = aRecordingLogger()
  const certificate = new ServingCertificate({ ...secret, logger, pollMs: 5 })
  const used = [await certificate.open()]
  certificate.follow((context) => used.push(context))
  onTestFinished(() => certificate.close())
  return { secret, logger, certificate, used }
}

async function reloads({ certificate }: Followed): Promise<Record<string, number>> {
  const metric = await certificate.registry.getSingleMetric('dtms_tls_reloads_total')?.get()
  return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels.result, value]))
}

async function expiry({ certificate }: Followed): Promise<number | undefined> {
  return (await certificate.registry.getSingleMetric('dtms_tls_certificate_expiry_seconds')?.get())?.values[0]?.value
}

const complaints = ({ logger }: Followed) => logger.lines.filter(({ level }) => level === 'warn')

test('without files there is none, and so plain HTTP', () => {
  expect(servingCertificate({ servingCertFile: undefined, servingKeyFile: undefined }, silentLogger)).toBeUndefined()
})

describe('a successor', () => {
  test('is taken into use when the mounted secret changes; the metrics say so and until when', async () => {
    const authority = anAuthority()
    const followed = await aFollowed(authority.issue(NAMES, 1))
    const before = await expiry(followed)
    const next = authority.issue(NAMES, 730)
    followed.secret.replace(toFiles(next))
    await eventually(() => followed.used.length === 2)
    expect(followed.used[1]).toEqual({ cert: next.cert, key: next.key, minVersion: 'TLSv1.2' })
    expect(await reloads(followed)).toEqual({ ok: 1, failed: 0 })
    expect(((await expiry(followed)) ?? 0) - (before ?? 0)).toBeGreaterThan(728 * 86_400)
    expect(complaints(followed)).toEqual([])
  })

  const broken: [string, (next: Issued, authority: Authority) => Record<string, string>, RegExp][] = [
    [
      'has a key of another certificate',
      ({ cert }, ca) => toFiles({ cert, key: ca.issue(NAMES).key }),
      /is not the key/,
    ],
    ['is half written', ({ cert, key }) => toFiles({ cert: cert.slice(0, 200), key }), /holds no certificate in PEM/],
    ['is empty', ({ key }) => toFiles({ cert: '', key }), /holds no certificate in PEM/],
    ['has no key', ({ cert }) => ({ 'tls.crt': cert }), /tls\.key cannot be read \(ENOENT\)/],
    ['has a key that is none', ({ cert }) => toFiles({ cert, key: cert }), /holds no private key in PEM/],
    ['has ended already', (_next, ca) => toFiles(ca.issue(NAMES, -1)), /it ended \d{4}-/],
  ]
  test.each(broken)('that %s is not used: told once, counted, and looked at again', async (_name, files, reason) => {
    const authority = anAuthority()
    const followed = await aFollowed(authority.issue(NAMES))
    const next = authority.issue(NAMES)
    followed.secret.replace(files(next, authority))
    await eventually(async () => ((await reloads(followed)).failed ?? 0) >= 3)
    expect(followed.used).toHaveLength(1)
    // A look in the middle of the change may have met something else first.
    expect(complaints(followed).filter(({ fields }) => reason.test(`${fields.reason}`))).toHaveLength(1)
    followed.secret.replace(toFiles(next))
    await eventually(() => followed.used.length === 2)
    expect((await reloads(followed)).ok).toBe(1)
  })

  test('that was good ends a complaint: the same trouble later is told again', async () => {
    const authority = anAuthority()
    const followed = await aFollowed(authority.issue(NAMES))
    const gone = () => complaints(followed).filter(({ fields }) => /tls\.crt cannot be read/.test(`${fields.reason}`))
    followed.secret.replace({})
    await eventually(() => gone().length === 1)
    followed.secret.replace(toFiles(authority.issue(NAMES)))
    await eventually(() => followed.used.length === 2)
    followed.secret.replace({})
    await eventually(() => gone().length === 2)
  })
})

describe('at the start', () => {
  test.each([
    ['is not there', undefined, /tls\.crt cannot be read \(ENOENT\)/],
    ['is no certificate', 'nonsense', /tls\.crt holds no certificate in PEM/],
  ])('a file that %s is named, with the secret to look for', async (_name, text, reason) => {
    const secret = aMountedSecret(anAuthority().issue(NAMES))
    secret.replace(text === undefined ? {} : { 'tls.crt': text, 'tls.key': text })
    const certificate = new ServingCertificate({ ...secret, logger: silentLogger })
    await expect(certificate.open()).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(reason),
      hint: expect.stringContaining('service.beta.openshift.io/serving-cert-secret-name'),
    })
    await certificate.close()
  })

  test('a certificate that has ended is served, complained about, and named by the readiness', async () => {
    const followed = await aFollowed(anAuthority().issue(NAMES, -1))
    expect(complaints(followed)).toHaveLength(1)
    expect(followed.certificate.check()).toEqual({
      ok: true,
      detail: expect.stringMatching(/^the certificate ended \d{4}-/),
    })
  })

  test('a good one has nothing to say', async () => {
    const followed = await aFollowed(anAuthority().issue(NAMES))
    expect(followed.certificate.check()).toEqual({ ok: true })
    expect(complaints(followed)).toEqual([])
  })
})

test('the chain behind the certificate may stand in the same file, as clusters write it', async () => {
  const authority = anAuthority()
  const { cert, key } = authority.issue(NAMES, 1)
  const followed = await aFollowed({ cert: `${cert}${authority.cert}`, key })
  expect(await expiry(followed)).toBeLessThan(Date.now() / 1000 + 86_401)
})

test('plain files that are overwritten in place work too', async () => {
  const authority = anAuthority()
  const followed = await aFollowed(authority.issue(NAMES))
  const next = authority.issue(NAMES)
  writeFileSync(followed.secret.certFile, next.cert)
  writeFileSync(followed.secret.keyFile, next.key)
  await eventually(() => followed.used.length === 2)
  expect(followed.used[1]).toMatchObject(next)
})
