import { z } from 'zod'
import { type ConfigDefinition, type ConfigOf, parse, setting } from '../lib/config.ts'
import { isSchedule } from '../lib/schedule.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'

const scheduleText: z.ZodType<string, string> = z.string().refine(isSchedule, {
  error: 'must be a cron expression of five fields, for example */10 * * * *',
})

export const correlationConfig = {
  service: 'correlation',
  settings: {
    schedule: setting({
      env: 'DTMS_CORRELATION_SCHEDULE',
      schema: scheduleText,
      fallback: '*/10 * * * *',
      description: 'When the batch runs if it is not run by somebody else (`--once`): cron expression, UTC',
    }),
    windowHours: setting({
      env: 'DTMS_CORRELATION_WINDOW_HOURS',
      schema: parse.number({ min: 1, max: 8784 }),
      fallback: 168,
      unit: 'hours',
      description: 'How much record time before the newest record is correlated',
    }),
    store: setting({
      env: 'DTMS_CORRELATION_STORE',
      schema: parse.boolean(),
      fallback: true,
      description:
        'Whether results and sums are kept on the volume; false for a read-only volume: everything is read anew at each run and the result is only pushed',
    }),
    pushgatewayUrl: setting<string | undefined>({
      env: 'PUSHGATEWAY_URL',
      schema: parse.url(),
      fallback: undefined,
      description: 'Pushgateway that each result is sent to as well; not set: none',
    }),
    pushgatewayJob: setting({
      env: 'PUSHGATEWAY_JOB',
      schema: parse.text(128),
      fallback: 'dtms_correlation',
      description: 'Value of the label job at the Pushgateway',
    }),
    pushgatewayInstance: setting<string | undefined>({
      env: 'PUSHGATEWAY_INSTANCE',
      schema: parse.text(128),
      fallback: undefined,
      description: 'Value of the label instance at the Pushgateway; not set: no such label',
    }),
    ...commonSettings,
    ...listenSettings(8005),
  },
} satisfies ConfigDefinition

export type CorrelationConfig = ConfigOf<typeof correlationConfig.settings>
