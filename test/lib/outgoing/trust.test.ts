import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTrust, type Trust, trustOptions } from '../../../lib/outgoing/trust.ts'
import { aFolder } from '../../support/builders.ts'
import { anAuthority } from '../../support/certificates.ts'
import { aSecureReceiver } from '../../support/http-servers.ts'

/** The status of an answer, or the code of what went wrong. */
function meet(url: string, trust: Trust | undefined): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request(url, { ...trustOptions(trust), agent: false }, (response) => {
      resolve(response.statusCode ?? 0)
      response.resume()
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    sent.end()
  })
}

test('public authorities do not know that of a cluster; its bundle does, with several in it too', async () => {
  const [authority, other] = [anAuthority(), anAuthority('another')]
  const { url } = await aSecureReceiver(authority.issue(['127.0.0.1']))
  expect(await meet(url, undefined)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  expect(await meet(url, { ca: other.cert })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  expect(await meet(url, { ca: `${other.cert}${authority.cert}` })).toBe(200)
})

test('a name that the certificate is not for is refused, and one that has ended too', async () => {
  const authority = anAuthority()
  const elsewhere = await aSecureReceiver(authority.issue(['dtms-api.space.svc']))
  expect(await meet(elsewhere.url, { ca: authority.cert })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  const ended = await aSecureReceiver(authority.issue(['127.0.0.1'], -1))
  expect(await meet(ended.url, { ca: authority.cert })).toBe('CERT_HAS_EXPIRED')
})

test('a process knows itself by its certificate, whatever the name, and nobody else', async () => {
  const authority = anAuthority()
  const own = authority.issue(['dtms-api.space.svc'])
  const { url } = await aSecureReceiver(own)
  expect(await meet(url, { ca: own.cert, anyName: true })).toBe(200)
  const stranger = await aSecureReceiver(authority.issue(['dtms-api.space.svc']))
  expect(await meet(stranger.url, { ca: own.cert, anyName: true })).toMatch(/^UNABLE_TO_/)
})

test('a bundle is read when it is asked for; one that is not there is named with its setting', async () => {
  const file = join(aFolder(), 'service-ca.crt')
  await expect(readTrust(file)).rejects.toMatchObject({
    message: `DTMS_TLS_CA_FILE ${file} cannot be read (ENOENT)`,
    hint: expect.stringContaining('ConfigMap'),
  })
  writeFileSync(file, 'first')
  expect(await readTrust(file)).toEqual({ ca: 'first' })
  writeFileSync(file, 'second')
  expect(await readTrust(file)).toEqual({ ca: 'second' })
})
