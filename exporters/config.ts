import { z } from 'zod'
import { type ConfigDefinition, parse, setting } from '../lib/config.ts'
import { isSiteName, type SiteName } from '../lib/names.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'

const siteText: z.ZodType<SiteName, string> = z.string().transform((text, context) => {
  if (isSiteName(text)) return text
  context.addIssue('must be a site name: 1 to 32 characters of A-Z, 0-9 and _, starting with a letter or digit')
  return z.NEVER
})

export const sourceKinds = ['simulator', 'csv', 'none'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** What every exporter of a data directory must say alike. */
export const worldSettings = {
  scenario: setting({
    env: 'DTMS_SCENARIO',
    schema: parse.text(1024),
    fallback: 'default',
    description: 'Scenario of the simulated world: the name of a packaged one, or the path of a YAML file',
  }),
  seed: setting({
    env: 'DTMS_SEED',
    schema: parse.integer({ min: 0 }),
    fallback: 7,
    description: 'Seed of the simulated world: the same scenario and seed give the same transfers',
  }),
  speed: setting({
    env: 'DTMS_SPEED',
    schema: parse.number({ min: 0.01, max: 10_000 }),
    fallback: 1,
    unit: 'world seconds per second',
    description: 'How fast a new world runs; an existing one keeps its speed until it is changed through the API',
  }),
  backfillHours: setting({
    env: 'DTMS_BACKFILL_HOURS',
    schema: parse.number({ min: 0, max: 8784 }),
    fallback: 24,
    unit: 'hours',
    description: 'Healthy past that a new world gets before it follows the clock',
  }),
  source: setting({
    env: 'DTMS_SOURCE',
    schema: parse.oneOf(sourceKinds),
    fallback: 'simulator',
    description:
      'Where records come from: simulator, csv (DTMS_SOURCE_FILE), or none (only what is in the log already)',
  }),
  sourceFile: setting({
    env: 'DTMS_SOURCE_FILE',
    schema: parse.text(4096),
    fallback: '',
    description: 'With DTMS_SOURCE=csv: the growing file to follow',
  }),
  sourceFormat: setting({
    env: 'DTMS_SOURCE_FORMAT',
    schema: parse.text(64),
    fallback: 'transfers-csv',
    description: 'With DTMS_SOURCE=csv: the format of that file, one of those that `dtms import` reads',
  }),
  sourceMapping: setting({
    env: 'DTMS_SOURCE_MAPPING',
    schema: parse.text(4096),
    fallback: '',
    description: 'With DTMS_SOURCE_FORMAT=mapped-csv: the mapping file that says which column is which',
  }),
}

export const exporterConfig = {
  service: 'exporter',
  settings: {
    site: setting({
      env: 'SITE_NAME',
      schema: siteText,
      description: 'The site whose transfers this exporter records, for example SITE_A',
    }),
    ...worldSettings,
    ...commonSettings,
    ...listenSettings(8000),
  },
} satisfies ConfigDefinition

/** What an exporter reads of its settings. */
export interface ExporterConfig {
  site: SiteName
  scenario: string
  seed: number
  speed: number
  backfillHours: number
  source: SourceKind
  sourceFile: string
  sourceFormat: string
  sourceMapping: string
  dataDir: string
  pollMs: number
  retentionHours: number
  retentionBytes: number
}
