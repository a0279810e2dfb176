import { DtmsError } from '../../lib/errors.ts'

/** Errors of the protocol that the same request will always meet, and what an operator can do about them. */
const refusals = new Map<string, string>([
  ['MESSAGE_TOO_LARGE', "a record is larger than the topic takes: raise the topic's max.message.bytes"],
  ['RECORD_LIST_TOO_LARGE', "a batch is larger than a segment of the topic: raise the topic's segment.bytes"],
  ['INVALID_RECORD', 'the broker does not take this record'],
  ['INVALID_TIMESTAMP', "a record's time is further from the broker's than the topic allows"],
  ['INVALID_TOPIC_EXCEPTION', 'the name of the topic is not one that the broker takes'],
  ['INVALID_PARTITIONS', 'check DTMS_KAFKA_PARTITIONS'],
  ['INVALID_CONFIG', 'the broker does not know a setting of the topic'],
  ['POLICY_VIOLATION', "the cluster's policy forbids such a topic: let its administrators make it"],
  ['TOPIC_AUTHORIZATION_FAILED', 'give the user the right to read, write and make the topic'],
  ['GROUP_AUTHORIZATION_FAILED', 'give the user the right to read as this group'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'give the user the right to write idempotently and to make topics'],
  ['UNSUPPORTED_SASL_MECHANISM', 'the broker does not know DTMS_KAFKA_SASL_MECHANISM'],
])

/** Of those, what is wrong with a record: every other refusal ends when an operator has seen to it. */
const aboutRecords: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
])

const wrongLogin = 'check DTMS_KAFKA_SASL_MECHANISM, DTMS_KAFKA_SASL_USERNAME and DTMS_KAFKA_SASL_PASSWORD'
const wrongCertificate =
  "DTMS_KAFKA_TLS_CA_FILE must hold the authority that signed the brokers' certificates, and a certificate must be for the name that DTMS_KAFKA_BROKERS uses"

/** Node's codes for a certificate that is not trusted, and OpenSSL's for a handshake that cannot succeed. */
const certificateCode = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO)/

interface ClientError {
  name: string
  message: string
  /** Name of the protocol's error. */
  type?: unknown
  code?: unknown
  cause?: unknown
}

/** What the client library threw, as one of ours: `bus.refused` when trying again cannot help, else `bus.unavailable`. */
export function toBusError(error: unknown, doing: string): DtmsError {
  if (error instanceof DtmsError) return error
  const chain = causes(error)
  for (const { name, message, type, code } of chain) {
    const hint = typeof type === 'string' ? refusals.get(type) : undefined
    if (hint !== undefined) return refused(doing, `${String(type)}: ${message}`, hint, aboutRecords.has(String(type)))
    if (name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED')
      return refused(doing, message, wrongLogin)
    if (typeof code === 'string' && certificateCode.test(code)) return refused(doing, message, wrongCertificate)
  }
  const { message = String(error) } = chain.at(-1) ?? {}
  return new DtmsError('bus.unavailable', `${doing}: ${message}`, { hint: 'check DTMS_KAFKA_BROKERS and the brokers' })
}

/**
 * Whether the client library gave a request up that could succeed on the same producer later. After anything else the
 * sequence numbers of a producer are not known to be those of the broker.
 */
export function isPatienceLost(error: unknown): boolean {
  return causes(error).some(({ name }) => name === 'KafkaJSNumberOfRetriesExceeded')
}

/** Whether a topic or one of its partitions is not there. */
export function isMissingTopic(error: unknown): boolean {
  return causes(error).some(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION')
}

function refused(doing: string, message: string, hint: string, isAboutRecords = false): DtmsError {
  return new DtmsError('bus.refused', `${doing}: ${message}`, { hint, retryable: !isAboutRecords })
}

function causes(error: unknown): ClientError[] {
  const chain: ClientError[] = []
  const seen = new Set<unknown>()
  for (let at = error; isClientError(at) && !seen.has(at); at = at.cause) {
    seen.add(at)
    chain.push(at)
    if ('errors' in at && Array.isArray(at.errors)) chain.push(...at.errors.filter(isClientError))
  }
  return chain
}

function isClientError(value: unknown): value is ClientError {
  return value instanceof Error
}
