import { type ConfigDefinition, type ConfigOf, parse, setting } from '../lib/config.ts'
import { commonSettings, listenSettings } from '../lib/settings.ts'
import { engineNames } from './engine.ts'
import { DEFAULT_K } from './threshold.ts'

export const anomalyConfig = {
  service: 'anomaly',
  settings: {
    forest: setting({
      env: 'DTMS_FOREST',
      schema: parse.oneOf(engineNames),
      fallback: 'strict',
      description: 'Isolation forest that scores transfers: strict, or ml-isolation-forest (the npm package; slower)',
    }),
    seed: setting({
      env: 'DTMS_FOREST_SEED',
      schema: parse.integer({ min: 0 }),
      fallback: 1,
      description: 'Seed of the forests: the same records and seed give the same verdicts',
    }),
    k: setting({
      env: 'DTMS_ANOMALY_K',
      schema: parse.number({ min: 0.5, max: 20 }),
      fallback: DEFAULT_K,
      description: 'Height of the threshold above the usual score, in spreads: higher flags less (docs/detection.md)',
    }),
    checkpointSeconds: setting({
      env: 'DTMS_ANOMALY_CHECKPOINT_SECONDS',
      schema: parse.number({ min: 0.1, max: 3600 }),
      fallback: 30,
      unit: 'seconds',
      description: 'How often place and state are saved while records come; after a crash that much is scored again',
    }),
    ...commonSettings,
    ...listenSettings(8001),
  },
} satisfies ConfigDefinition

export type AnomalyConfig = ConfigOf<typeof anomalyConfig.settings>
