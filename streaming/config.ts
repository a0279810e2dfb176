import { type ConfigDefinition, type ConfigOf, parse, setting } from '../lib/config.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'
import { busSettings, topicName } from './kafka-settings.ts'

/** `dtms run producer`: log -> topic. */
export const producerConfig = {
  service: 'producer',
  settings: {
    ...busSettings,
    batchMs: setting({
      env: 'DTMS_PRODUCER_BATCH_MS',
      schema: parse.integer({ min: 0, max: 10_000 }),
      fallback: 20,
      unit: 'milliseconds',
      description: 'A batch is sent when it is this old',
    }),
    batchBytes: setting({
      env: 'DTMS_PRODUCER_BATCH_BYTES',
      schema: parse.integer({ min: 1024, max: 8_388_608 }),
      fallback: 196_608,
      unit: 'bytes',
      description: 'A batch (of one partition) is sent when it is this large',
    }),
    checkpointSeconds: setting({
      env: 'DTMS_PRODUCER_CHECKPOINT_SECONDS',
      schema: parse.number({ min: 0.05, max: 600 }),
      fallback: 2,
      unit: 'seconds',
      description:
        'How often the place in the log is saved; after a crash that much is sent again, and dropped by readers',
    }),
    ...commonSettings,
    ...listenSettings(8006),
  },
} satisfies ConfigDefinition
export type ProducerConfig = ConfigOf<typeof producerConfig.settings>

/** `dtms run stream`: topic -> windows, z-score, webhook. */
export const streamConfig = {
  service: 'stream',
  settings: {
    ...busSettings,
    eventsTopic: setting({
      env: 'KAFKA_TOPIC',
      schema: topicName(),
      fallback: 'ops.events',
      description: 'Any other JSON topic whose values are scored; `none` for none',
    }),
    group: setting({
      env: 'KAFKA_GROUP',
      schema: parse.text(249),
      fallback: 'dtms-stream',
      description: 'Consumer group: members share the partitions',
    }),
    eventValuePath: setting({
      env: 'DTMS_EVENT_VALUE_PATH',
      schema: parse.text(256),
      fallback: 'value',
      description: 'Where the numeric value of an event of KAFKA_TOPIC is: names separated by dots',
    }),
    eventIdPath: setting({
      env: 'DTMS_EVENT_ID_PATH',
      schema: parse.text(256),
      fallback: 'event_id',
      description:
        'Where the id of an event of KAFKA_TOPIC is; `<topic>-<partition>-<offset>` stands in for a missing one',
    }),
    eventTimePath: setting({
      env: 'DTMS_EVENT_TIME_PATH',
      schema: parse.text(256),
      fallback: 'timestamp',
      description:
        "Where the time of an event is (Unix seconds, milliseconds, or ISO 8601); the message's own for a missing one",
    }),
    windowSeconds: setting({
      env: 'DTMS_STREAM_WINDOW_SECONDS',
      schema: parse.integer({ min: 1, max: 86_400 }),
      fallback: 60,
      unit: 'seconds',
      description: 'Length of the tumbling windows of event time',
    }),
    watermarkSeconds: setting({
      env: 'DTMS_STREAM_WATERMARK_SECONDS',
      schema: parse.number({ min: 0, max: 86_400 }),
      fallback: 10,
      unit: 'seconds',
      description: 'How far the watermark stays behind the newest event of a recorder: usual disorder',
    }),
    latenessSeconds: setting({
      env: 'DTMS_STREAM_LATENESS_SECONDS',
      schema: parse.number({ min: 0, max: 604_800 }),
      fallback: 50,
      unit: 'seconds',
      description:
        'How long a window stays open behind the watermark for late events; later ones are dropped and counted',
    }),
    zscoreWindow: setting({
      env: 'WINDOW_SIZE',
      aliases: ['DTMS_ZSCORE_WINDOW'],
      schema: parse.integer({ min: 10, max: 100_000 }),
      fallback: 1000,
      unit: 'events',
      description: 'Events of one stream that a value is compared with',
    }),
    zscoreThreshold: setting({
      env: 'ZSCORE_THRESHOLD',
      aliases: ['DTMS_ZSCORE_THRESHOLD'],
      schema: parse.number({ min: 0.5, max: 100 }),
      fallback: 3,
      description: 'Height of |z| from which a value is an anomaly',
    }),
    zscoreRobust: setting({
      env: 'DTMS_ZSCORE_ROBUST',
      schema: parse.boolean(),
      fallback: false,
      description: 'Compare with median and MAD instead of mean and standard deviation: for skewed values',
    }),
    zscoreRefractory: setting({
      env: 'DTMS_ZSCORE_REFRACTORY',
      schema: parse.integer({ min: 0, max: 100_000 }),
      fallback: 100,
      unit: 'events',
      description: 'Events of a stream after an anomaly during which no further one is reported',
    }),
    webhookUrl: setting<string | undefined>({
      env: 'WEBHOOK_URL',
      schema: parse.url(),
      fallback: undefined,
      description: 'Address that is told about anomalies (POST); absent: they are logged only',
    }),
    webhookSecret: setting<string | undefined>({
      env: 'DTMS_WEBHOOK_SECRET',
      schema: parse.text(1024),
      fallback: undefined,
      secret: true,
      description: 'Key of the HMAC-SHA-256 signature of webhook bodies; absent: unsigned',
    }),
    webhookQueue: setting({
      env: 'DTMS_WEBHOOK_QUEUE',
      schema: parse.integer({ min: 1, max: 100_000 }),
      fallback: 1000,
      description: 'Webhook calls that may wait; beyond it the newest go to the dead letters at once',
    }),
    webhookAttempts: setting({
      env: 'DTMS_WEBHOOK_ATTEMPTS',
      schema: parse.integer({ min: 1, max: 20 }),
      fallback: 5,
      description: 'Attempts before a webhook call becomes a dead letter',
    }),
    routesFile: setting<string | undefined>({
      env: 'DTMS_STREAM_ROUTES',
      schema: parse.text(4096),
      fallback: undefined,
      description: 'YAML file of rules: which records go to which topic or sink as well (docs/streaming.md)',
    }),
    clusterguardMetrics: setting({
      env: 'DTMS_CLUSTERGUARD_METRICS',
      schema: parse.boolean(),
      fallback: false,
      description: 'Publish the facts under their older names clusterguard_* as well',
    }),
    decisionLog: setting({
      env: 'DTMS_STREAM_DECISIONS',
      schema: parse.oneOf(['anomalies', 'all', 'none']),
      fallback: 'anomalies',
      description: 'Which scored events get a decision line in the log: anomalies, all or none',
    }),
    checkpointSeconds: setting({
      env: 'DTMS_STREAM_CHECKPOINT_SECONDS',
      schema: parse.number({ min: 0.05, max: 600 }),
      fallback: 2,
      unit: 'seconds',
      description: 'How often window state and offset of a partition are saved together',
    }),
    sessionTimeoutMs: setting({
      env: 'DTMS_KAFKA_SESSION_TIMEOUT_MS',
      schema: parse.integer({ min: 500, max: 300_000 }),
      fallback: 10_000,
      unit: 'milliseconds',
      description: 'A member of the group that is not heard of for this long loses its partitions',
    }),
    heartbeatMs: setting({
      env: 'DTMS_KAFKA_HEARTBEAT_MS',
      schema: parse.integer({ min: 100, max: 60_000 }),
      fallback: 3000,
      unit: 'milliseconds',
      description: 'How often a member of the group says that it lives',
    }),
    ...commonSettings,
    ...listenSettings(8002, ['METRICS_PORT']),
  },
} satisfies ConfigDefinition
export type StreamConfig = ConfigOf<typeof streamConfig.settings>
