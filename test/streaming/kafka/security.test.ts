import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { securityOf } from '../../../streaming/kafka/security.ts'
import { aFolder } from '../../support/builders.ts'
import { busConfig } from '../../support/kafka.ts'

it('nothing is asked for by default', () => {
  expect(securityOf(busConfig())).toEqual({})
})

it('files are read only when TLS is on', () => {
  const [folder, absent] = [aFolder(), { tlsCaFile: '/absent.pem' }]
  const [tlsCertFile, tlsKeyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(tlsCertFile, 'certificate')
  writeFileSync(tlsKeyFile, 'key')
  expect(securityOf(busConfig(absent))).toEqual({})
  expect(securityOf(busConfig({ tls: true }))).toEqual({ ssl: {} })
  expect(securityOf(busConfig({ tls: true, tlsCertFile, tlsKeyFile }))).toEqual({
    ssl: { cert: 'certificate', key: 'key' },
  })
  expect(() => securityOf(busConfig({ tls: true, ...absent }))).toThrow('/absent.pem cannot be read: ENOENT')
})

it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('%s has user name and password', (saslMechanism) => {
  const config = busConfig({ saslMechanism, saslUsername: 'dtms', saslPassword: 'secret' })
  expect(securityOf(config)).toEqual({ sasl: { mechanism: saslMechanism, username: 'dtms', password: 'secret' } })
})
