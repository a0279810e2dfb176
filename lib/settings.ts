import { parse, setting } from './config.ts'

/** Settings that every service shares. */
export const commonSettings = {
  dataDir: setting({
    env: 'DTMS_DATA_DIR',
    schema: parse.text(4096),
    fallback: './data',
    description: 'Folder of the shared volume: all logs, checkpoints and models lie below it',
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    aliases: ['DTMS_LOG_LEVEL'],
    schema: parse.oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
    description: 'Least level of log lines that are written: debug, info, warn, error or silent',
  }),
  clock: setting({
    env: 'DTMS_CLOCK',
    schema: parse.oneOf(['auto', 'wall', 'data']),
    fallback: 'auto',
    description:
      'What time it is: auto (world time once there is a world, else the wall), wall, or data (an imported log, whose present is its own end)',
  }),
  pollMs: setting({
    env: 'DTMS_LOG_POLL_MS',
    schema: parse.integer({ min: 1, max: 1000 }),
    fallback: 200,
    unit: 'milliseconds',
    description: 'How often readers look for new lines while there are some; idle readers back off to 1,000',
  }),
  volumeDeadlineMs: setting({
    env: 'DTMS_VOLUME_DEADLINE_MS',
    schema: parse.integer({ min: 100, max: 60_000 }),
    fallback: 5000,
    unit: 'milliseconds',
    description: 'A volume call that takes longer counts as stalled: readiness turns false, the call is abandoned',
  }),
  retentionHours: setting({
    env: 'DTMS_RETENTION_HOURS',
    schema: parse.number({ min: 1, max: 87_600 }),
    fallback: 168,
    unit: 'hours',
    description: 'Sealed segments whose newest record is older, and that every registered reader has read, are deleted',
  }),
  retentionBytes: setting({
    env: 'DTMS_RETENTION_BYTES',
    schema: parse.integer({ min: 1_048_576 }),
    fallback: 1_073_741_824,
    unit: 'bytes',
    description: 'Hard limit of one stream: beyond it the oldest sealed segments go even if a reader still needs them',
  }),
}

/** Where a service's own /metrics and health routes listen; the default port differs by service. */
export function listenSettings(port: number, aliases: readonly string[] = []) {
  return {
    port: setting({
      env: 'DTMS_PORT',
      aliases,
      schema: parse.integer({ min: 0, max: 65_535 }),
      fallback: port,
      description: `TCP port of this service (0: any free one); ${port} by default`,
    }),
    host: setting({
      env: 'DTMS_HOST',
      schema: parse.text(255),
      fallback: '127.0.0.1',
      description: 'Address to listen on; pods set 0.0.0.0, which needs a key for state changes (DTMS_API_KEY)',
    }),
    servingCertFile: setting<string | undefined>({
      env: 'DTMS_TLS_CERT_FILE',
      schema: parse.text(4096),
      fallback: undefined,
      needs: 'DTMS_TLS_KEY_FILE',
      description: 'PEM file of the certificate to serve HTTPS with, read again when it changes; absent: plain HTTP',
    }),
    servingKeyFile: setting<string | undefined>({
      env: 'DTMS_TLS_KEY_FILE',
      schema: parse.text(4096),
      fallback: undefined,
      needs: 'DTMS_TLS_CERT_FILE',
      description: 'PEM file of the key of that certificate',
    }),
  }
}
