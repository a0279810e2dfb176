import { readFileSync } from 'node:fs'
import { DtmsError, describeSystemError } from '../../lib/errors.ts'
import type { BusConfig } from '../kafka-settings.ts'

type Login<Mechanism extends string> = { mechanism: Mechanism; username: string; password: string }

/** How the client library is told of TLS and SASL. */
export interface Security {
  ssl?: { ca?: string[]; cert?: string; key?: string }
  sasl?: Login<'plain'> | Login<'scram-sha-256'> | Login<'scram-sha-512'>
}

/** @throws DtmsError `bus.refused` when a file cannot be read. */
export function securityOf(config: BusConfig): Security {
  const { tls, tlsCaFile, tlsCertFile, tlsKeyFile, saslMechanism: mechanism, saslUsername, saslPassword } = config
  const security: Security = {}
  if (tls) {
    security.ssl = {
      ...(tlsCaFile === undefined ? {} : { ca: [pem(tlsCaFile)] }),
      ...(tlsCertFile === undefined ? {} : { cert: pem(tlsCertFile) }),
      ...(tlsKeyFile === undefined ? {} : { key: pem(tlsKeyFile) }),
    }
  }
  if (mechanism !== undefined) {
    const login = { username: saslUsername ?? '', password: saslPassword ?? '' }
    // The mechanisms are a union of types of the client library: each is named by itself.
    if (mechanism === 'plain') security.sasl = { mechanism, ...login }
    else if (mechanism === 'scram-sha-256') security.sasl = { mechanism, ...login }
    else security.sasl = { mechanism, ...login }
  }
  return security
}

function pem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new DtmsError('bus.refused', `${path} cannot be read: ${describeSystemError(error)}`, {
      hint: 'check the files that DTMS_KAFKA_TLS_CA_FILE, DTMS_KAFKA_TLS_CERT_FILE and DTMS_KAFKA_TLS_KEY_FILE name',
      cause: error,
    })
  }
}
