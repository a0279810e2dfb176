import { type ConfigOf, parse, setting } from '../lib/config.ts'

/** How the bus is reached; the same for producer, consumer and load generator. */
export const busSettings = {
  bus: setting({
    env: 'DTMS_BUS',
    schema: parse.oneOf(['kafka', 'memory']),
    fallback: 'kafka',
    description: 'kafka, or memory (only inside one process: the default of `dtms up`)',
  }),
  brokers: setting({
    env: 'DTMS_KAFKA_BROKERS',
    aliases: ['KAFKA_BROKERS', 'BOOTSTRAP_SERVERS'],
    schema: parse.list(parse.text(255)),
    fallback: ['dtms-kafka:9092'],
    description: 'Kafka brokers to begin with, host:port, separated by commas',
  }),
  transfersTopic: setting({
    env: 'DTMS_KAFKA_TRANSFERS_TOPIC',
    schema: topicName(),
    fallback: 'dtms_transfers',
    description: 'Topic that carries every recorded transfer, keyed by link',
  }),
  partitions: setting({
    env: 'DTMS_KAFKA_PARTITIONS',
    schema: parse.integer({ min: 1, max: 1000 }),
    fallback: 3,
    description: 'Partitions of a topic that has to be made',
  }),
  replication: setting({
    env: 'DTMS_KAFKA_REPLICATION',
    schema: parse.integer({ min: 1, max: 10 }),
    fallback: 1,
    description: 'Replicas of a topic that has to be made',
  }),
  topicRetentionHours: setting({
    env: 'DTMS_KAFKA_RETENTION_HOURS',
    schema: parse.number({ min: 1, max: 87_600 }),
    fallback: 24,
    unit: 'hours',
    description: 'How long a topic that has to be made keeps its records; the log on the volume keeps them longer',
  }),
  tls: setting({
    env: 'DTMS_KAFKA_TLS',
    schema: parse.boolean(),
    fallback: false,
    description: 'Speak TLS with the brokers',
  }),
  tlsCaFile: setting<string | undefined>({
    env: 'DTMS_KAFKA_TLS_CA_FILE',
    schema: parse.text(4096),
    fallback: undefined,
    description: "PEM file of the authority that signed the brokers' certificates; the system's own when absent",
  }),
  tlsCertFile: setting<string | undefined>({
    env: 'DTMS_KAFKA_TLS_CERT_FILE',
    schema: parse.text(4096),
    fallback: undefined,
    needs: 'DTMS_KAFKA_TLS_KEY_FILE',
    description: 'PEM file of the client certificate, for brokers that want one; DTMS_KAFKA_TLS_KEY_FILE goes with it',
  }),
  tlsKeyFile: setting<string | undefined>({
    env: 'DTMS_KAFKA_TLS_KEY_FILE',
    schema: parse.text(4096),
    fallback: undefined,
    needs: 'DTMS_KAFKA_TLS_CERT_FILE',
    description: 'PEM file of the key of the client certificate',
  }),
  saslMechanism: setting<'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined>({
    env: 'DTMS_KAFKA_SASL_MECHANISM',
    schema: parse.oneOf(['plain', 'scram-sha-256', 'scram-sha-512']),
    fallback: undefined,
    description: 'plain, scram-sha-256 or scram-sha-512; absent: no SASL',
  }),
  saslUsername: setting<string | undefined>({
    env: 'DTMS_KAFKA_SASL_USERNAME',
    schema: parse.text(255),
    fallback: undefined,
    description: 'User name for SASL',
  }),
  saslPassword: setting<string | undefined>({
    env: 'DTMS_KAFKA_SASL_PASSWORD',
    schema: parse.text(1024),
    fallback: undefined,
    secret: true,
    description: 'Password for SASL',
  }),
}
export type BusConfig = ConfigOf<typeof busSettings>

/** Kafka's own rule for the names of topics. */
export function topicName() {
  return parse.text(249).refine((text) => /^[a-zA-Z0-9._-]+$/.test(text) && text !== '.' && text !== '..', {
    error: 'must be a topic name: letters, digits, dot, underscore and hyphen, at most 249',
  })
}
