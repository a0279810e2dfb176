import { z } from 'zod'
import { type ConfigDefinition, type ConfigOf, parse, setting } from '../lib/config.ts'
import { isSiteName, type SiteName } from '../lib/names.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'

const siteText: z.ZodType<SiteName, string> = z.string().transform((text, context) => {
  if (isSiteName(text)) return text
  context.addIssue('must be site names (1 to 32 characters of A-Z, 0-9 and _) with commas between them')
  return z.NEVER
})

export const freshnessConfig = {
  service: 'freshness',
  settings: {
    apiBaseUrl: setting({
      env: 'API_BASE_URL',
      aliases: ['DTMS_API_BASE_URL'],
      schema: parse.url(),
      fallback: 'http://dtms-api:8003',
      description: 'Address of the API that is probed; its answer decides dtms_api_up and nothing else',
    }),
    caFile: setting<string | undefined>({
      env: 'DTMS_TLS_CA_FILE',
      schema: parse.text(4096),
      fallback: undefined,
      description:
        'PEM file of the authorities that an API_BASE_URL with https is checked against, read at each probe; the public ones when absent',
    }),
    probeSeconds: setting({
      env: 'POLL_INTERVAL_SECONDS',
      aliases: ['DTMS_POLL_INTERVAL_SECONDS'],
      schema: parse.number({ min: 0.05, max: 3600 }),
      fallback: 30,
      unit: 'seconds',
      description: 'How often the API is probed; the log is followed all the time (DTMS_LOG_POLL_MS)',
    }),
    okSeconds: setting({
      env: 'FRESHNESS_THRESHOLD_SECONDS',
      aliases: ['DTMS_FRESHNESS_THRESHOLD_SECONDS'],
      schema: parse.number({ min: 1, max: 31_536_000 }),
      fallback: 300,
      unit: 'seconds',
      description: 'Fixed age up to which dtms_data_fresh_ok is 1; the states use what each site is used to instead',
    }),
    sites: setting<SiteName[]>({
      env: 'DTMS_SITES',
      schema: parse.list(siteText),
      fallback: [],
      description: 'Sites that are expected and shown as waiting before their first record, with commas between them',
    }),
    ...commonSettings,
    ...listenSettings(8004, ['PORT']),
  },
} satisfies ConfigDefinition

export type FreshnessConfig = ConfigOf<typeof freshnessConfig.settings>
