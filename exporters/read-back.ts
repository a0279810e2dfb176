import { z } from 'zod'
import { describeError } from '../lib/lifecycle.ts'
import { type CheckpointFile, openCheckpoint } from '../lib/log/checkpoint.ts'
import { type Follower, followLog } from '../lib/log/follow.ts'
import type { DamageReason, Positions, Tailer } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import type { Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import { transferCodec } from '../lib/record/codec.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import type { Volume } from '../lib/volume/volume.ts'

export interface ReadBackOptions {
  volume: Volume
  site: SiteName
  logger: Logger
  pollMs: number
  onRecords: (records: readonly TransferRecord[]) => void
}

const SAVE_EVERY_MS = 10_000

const positionsSchema = z.record(z.string(), z.object({ segment: z.string(), offset: z.number(), seq: z.number() }))

/**
 * Reads the site's own transfers back, once each over all restarts: its place is saved, so that counters which begin at
 * zero in a new process rise by new records only. A kill may count the records of the last seconds again.
 *
 * The place lies in the state and not among the registered positions, because a reader of one site must not hold back
 * the retention of the others.
 */
export class ReadBack {
  readonly #options: ReadBackOptions
  readonly #checkpoint: CheckpointFile<z.infer<typeof positionsSchema>>
  #tailer: Tailer<TransferRecord> | undefined
  #follower: Follower | undefined
  #savedAt = performance.now()

  constructor(options: ReadBackOptions) {
    this.#options = options
    this.#checkpoint = openCheckpoint({
      volume: options.volume,
      service: `exporter-${options.site}`,
      reader: 'metrics',
      version: 1,
      logger: options.logger,
      decode: (bytes) => positionsSchema.parse(JSON.parse(bytes.toString('utf8'))),
    })
  }

  async start(): Promise<void> {
    const { volume, site, pollMs, logger } = this.#options
    const saved = await this.#checkpoint.load()
    const positions: Positions = new Map(Object.entries(saved?.state ?? {}))
    this.#tailer = createTailer({ volume, stream: 'transfers', writers: [site], codec: transferCodec, positions })
    this.#follower = followLog({
      tailer: this.#tailer,
      pollMs,
      logger,
      onBatch: async (batch) => {
        this.#options.onRecords(batch.entries.map((entry) => entry.value))
        if (performance.now() - this.#savedAt >= SAVE_EVERY_MS) await this.#save()
      },
    })
  }

  async stop(): Promise<void> {
    await this.#follower?.stop()
    this.#follower = undefined
    await this.#save()
  }

  stats(): { lagBytes: number; repeated: number; missing: number; damaged: ReadonlyMap<DamageReason, number> } {
    const tailer = this.#tailer
    if (tailer === undefined) return { lagBytes: 0, repeated: 0, missing: 0, damaged: new Map() }
    return { lagBytes: tailer.lagBytes(), ...tailer.stats() }
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now()
    const state = Object.fromEntries(this.#tailer?.positions() ?? [])
    await this.#checkpoint
      .save({ positions: new Map(), state })
      .catch((error: unknown) =>
        this.#options.logger.warn('the place of the read-back could not be saved', { error: describeError(error) }),
      )
  }
}
