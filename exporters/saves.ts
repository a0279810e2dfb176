import { z } from 'zod'
import { openCheckpoint } from '../lib/log/checkpoint.ts'
import type { Checkpoint } from '../lib/log/log.ts'
import type { Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { Written } from './source.ts'

/** Raise when the saved state of a source can no longer be read by this release. */
const SAVE_VERSION = 1

const savedSchema = z.object({
  source: z.string(),
  lastSeqs: z.object({ transfers: z.number(), events: z.number(), truth: z.number() }),
  state: z.unknown(),
})

/** What an exporter goes on from. */
export interface Saved {
  /** Kind of the source that made the state. */
  source: string
  /** Seq of the newest entry of each folder at the time of the save. */
  lastSeqs: Written
  state: Checkpoint<unknown>
}

export interface Saves {
  load(): Promise<Saved | undefined>
  save(saved: Saved): Promise<void>
}

export function openSaves(options: { volume: Volume; site: SiteName; logger: Logger }): Saves {
  const checkpoint = openCheckpoint<z.infer<typeof savedSchema>>({
    volume: options.volume,
    service: `exporter-${options.site}`,
    reader: 'world',
    version: SAVE_VERSION,
    logger: options.logger,
    decode: (bytes) => savedSchema.parse(JSON.parse(bytes.toString('utf8'))),
  })
  return {
    async load() {
      const found = await checkpoint.load()
      if (found === undefined) return undefined
      const { source, lastSeqs, state } = found.state
      return { source, lastSeqs, state: { positions: found.positions, state } }
    },
    save: ({ source, lastSeqs, state }) =>
      checkpoint.save({ positions: state.positions, state: { source, lastSeqs, state: state.state } }),
  }
}
