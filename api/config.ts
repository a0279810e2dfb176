import type { ConfigDefinition, ConfigOf } from '../lib/config.ts'
import { parse, setting } from '../lib/config.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'

export const apiConfig = {
  service: 'dtms-api',
  settings: {
    ...commonSettings,
    ...listenSettings(8003),
    apiKey: setting<string | undefined>({
      env: 'DTMS_API_KEY',
      schema: parse.text(256),
      fallback: undefined,
      secret: true,
      description: 'Bearer key for state changes; without one they are refused, and only loopback is listened on',
    }),
    rateLimit: setting({
      env: 'DTMS_API_RATE_LIMIT',
      schema: parse.integer({ min: 0, max: 10_000_000 }),
      fallback: 12_000,
      unit: 'requests per minute',
      description: 'Most requests of one client address in a minute (0: no limit); health and metrics do not count',
    }),
    trustedProxies: setting({
      env: 'DTMS_API_TRUSTED_PROXIES',
      schema: parse.integer({ min: 0, max: 8 }),
      fallback: 0,
      description: 'How many proxies stand in front of the API, so that the address of a client can be told',
    }),
    memoryRecords: setting({
      env: 'DTMS_API_RECORDS',
      schema: parse.integer({ min: 100, max: 1_000_000 }),
      fallback: 50_000,
      unit: 'records',
      description: 'Newest transfers that are kept in memory; older pages are read from the log',
    }),
    alertExpirySeconds: setting({
      env: 'DTMS_API_ALERT_EXPIRY_SECONDS',
      schema: parse.number({ min: 1, max: 604_800 }),
      fallback: 7800,
      unit: 'seconds',
      description:
        'A firing alert that Alertmanager has not repeated for so long counts as resolved: two of its repeat_interval and a little',
    }),
    maxFaultSeconds: setting({
      env: 'DTMS_API_MAX_FAULT_SECONDS',
      schema: parse.number({ min: 1, max: 31_536_000 }),
      fallback: 86_400,
      unit: 'seconds of world time',
      description: 'Longest fault that may be asked for',
    }),
  },
} satisfies ConfigDefinition

export type ApiConfig = ConfigOf<typeof apiConfig.settings>
