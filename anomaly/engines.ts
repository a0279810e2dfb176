import type { EngineName, ForestEngine } from './engine.ts'
import { strictEngine } from './forest.ts'
import { npmEngine } from './forest-npm.ts'

/** Every forest that `DTMS_FOREST` can name: one file and one line each. */
export const engines: Readonly<Record<EngineName, ForestEngine>> = {
  strict: strictEngine,
  'ml-isolation-forest': npmEngine,
}
