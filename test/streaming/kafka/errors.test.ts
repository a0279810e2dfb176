import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../../lib/errors.ts'
import { isMissingTopic, isPatienceLost, toBusError } from '../../../streaming/kafka/errors.ts'

function anError(fields: Record<string, unknown>, cause?: Error): Error {
  return Object.assign(new Error(String(fields.message ?? 'it failed'), { cause }), fields)
}

describe('an error of the client', () => {
  it.each([
    ['a wrong password', anError({ name: 'KafkaJSSASLAuthenticationError' }), 'DTMS_KAFKA_SASL_PASSWORD'],
    ['a foreign certificate', anError({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'DTMS_KAFKA_TLS_CA_FILE'],
    ['a certificate for another name', anError({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'DTMS_KAFKA_BROKERS'],
    ['too large a record', anError({ type: 'MESSAGE_TOO_LARGE' }), 'max.message.bytes'],
    ['a missing right', anError({ type: 'TOPIC_AUTHORIZATION_FAILED' }), 'right'],
    ['a refusal inside', anError({}, anError({ type: 'INVALID_TOPIC_EXCEPTION' })), 'name of the topic'],
    ['a refusal among several', anError({ errors: [anError({ type: 'POLICY_VIOLATION' })] }), 'policy'],
  ])('is refused: %s', (_, error, hint) => {
    expect(toBusError(error, 'asking')).toMatchObject({ code: 'bus.refused', hint: expect.stringContaining(hint) })
  })

  it.each([
    ['a closed connection', anError({ code: 'ECONNREFUSED' })],
    ['too few brokers as yet', anError({ type: 'INVALID_REPLICATION_FACTOR' })],
    ['something that is no error', 'text'],
  ])('may pass: %s', (_, error) => {
    expect(toBusError(error, 'asking')).toMatchObject({ code: 'bus.unavailable', retryable: true })
  })

  it('of ours stays as it is, and a chain that bites its tail ends', () => {
    const own = new DtmsError('bus.closed', 'closed')
    expect(toBusError(own, 'asking')).toBe(own)
    const round = anError({})
    round.cause = round
    expect(toBusError(round, 'asking').code).toBe('bus.unavailable')
  })

  it('tells lost patience and a missing topic, also inside another', () => {
    const patience = anError({}, anError({ name: 'KafkaJSNumberOfRetriesExceeded' }))
    const topic = anError({}, anError({ type: 'UNKNOWN_TOPIC_OR_PARTITION' }))
    expect([isPatienceLost(patience), isPatienceLost(topic)]).toEqual([true, false])
    expect([isMissingTopic(topic), isMissingTopic(patience)]).toEqual([true, false])
  })
})
