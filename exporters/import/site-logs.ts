import type { Clock } from '../../lib/clock.ts'
import { DtmsError } from '../../lib/errors.ts'
import type { LogWriter } from '../../lib/log/log.ts'
import { openLogWriter, type RetryRule } from '../../lib/log/writer.ts'
import type { Logger } from '../../lib/logger.ts'
import type { SiteName } from '../../lib/names.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { quarantineCodec } from '../../lib/streams/codecs.ts'
import type { Entry } from '../../lib/streams/envelope.ts'
import type { QuarantineLine } from '../../lib/streams/quarantine.ts'
import type { Volume } from '../../lib/volume/volume.ts'

/** More sites than this in one import are taken for a wrong column. */
export const MAX_SITES = 256

/** The writer of `quarantine/` that imports use. */
export const QUARANTINE_WRITER = 'import'

/**
 * Entries held back before they are written together. They are put into time order first, because readers learn what is
 * usual from what came before; a smaller file is wholly in order then, of a larger one each part is.
 */
const BATCH_ENTRIES = 32_768

/** How long a failing volume is waited for, milliseconds. */
export const PATIENCE_MS = 15_000

export interface SiteLogsOptions {
  volume: Volume
  clock: Clock
  logger: Logger
  patienceMs?: number
  retry?: RetryRule
}

interface Store<Written> {
  writer: LogWriter<Written>
  held: Written[]
}

/** The logs that one import writes: one for each site, opened when its first row comes, and the quarantine's. */
export class SiteLogs {
  readonly #options: SiteLogsOptions
  readonly #sites = new Map<SiteName, Store<Transfer>>()
  #quarantine: Store<Entry<QuarantineLine>> | undefined
  #held = 0

  constructor(options: SiteLogsOptions) {
    this.#options = options
  }

  /** False when there are too many sites already. */
  async take(site: SiteName): Promise<boolean> {
    if (this.#sites.has(site)) return true
    if (this.#sites.size >= MAX_SITES) return false
    const writer = await openLogWriter({ ...this.#options, stream: 'transfers', writer: site, codec: transferCodec })
    this.#sites.set(site, { writer, held: [] })
    return true
  }

  has(site: SiteName): boolean {
    return this.#sites.has(site)
  }

  /** Only for sites that were taken. */
  add(transfer: Transfer): void {
    this.#sites.get(transfer.site)?.held.push(transfer)
    this.#held += 1
  }

  async quarantine(entry: Entry<QuarantineLine>): Promise<void> {
    this.#quarantine ??= {
      writer: await openLogWriter({
        ...this.#options,
        stream: 'quarantine',
        writer: QUARANTINE_WRITER,
        codec: quarantineCodec,
      }),
      held: [],
    }
    this.#quarantine.held.push(entry)
    this.#held += 1
  }

  get isFull(): boolean {
    return this.#held >= BATCH_ENTRIES
  }

  /**
   * Waits until everything held is durable.
   * @throws DtmsError `volume.unavailable` when the volume does not take it in time, `log.fenced` when somebody else
   * has taken a log over
   */
  async flush(): Promise<void> {
    this.#held = 0
    for (const { held } of this.#sites.values()) held.sort((a, b) => a.endedAt - b.endedAt)
    const stores: Store<never>[] = [...this.#sites.values()] as Store<never>[]
    if (this.#quarantine !== undefined) stores.push(this.#quarantine as Store<never>)
    const writes = stores
      .filter(({ held }) => held.length > 0)
      .map((store) => store.writer.appendAll(store.held.splice(0)))
    const patienceMs = this.#options.patienceMs ?? PATIENCE_MS
    let timer: NodeJS.Timeout | undefined
    const failed = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new DtmsError('volume.unavailable', `the data directory has taken nothing for ${patienceMs / 1000} s`, {
            hint: 'free some space or repair the volume and import again: rows that are in the log are recognised',
          }),
        )
      }, patienceMs)
    })
    try {
      await Promise.race([Promise.all(writes), failed])
    } finally {
      clearTimeout(timer)
      for (const write of writes) write.catch(() => {})
    }
  }

  /** Seals and releases every log. Idempotent. */
  async close(): Promise<void> {
    const writers: LogWriter<never>[] = [...this.#sites.values()].map(({ writer }) => writer)
    if (this.#quarantine !== undefined) writers.push(this.#quarantine.writer)
    await Promise.all(writers.map((writer) => writer.close()))
  }
}
