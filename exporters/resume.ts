import { DtmsError } from '../lib/errors.ts'
import type { Codec } from '../lib/log/log.ts'
import { createTailer } from '../lib/log/tailer.ts'
import type { Logger } from '../lib/logger.ts'
import type { SiteName } from '../lib/names.ts'
import { eventsCodec } from '../lib/streams/codecs.ts'
import type { Volume } from '../lib/volume/volume.ts'
import type { Saved } from './saves.ts'
import type { Pause, Resume, Written } from './source.ts'

export interface ResumeOptions {
  volume: Volume
  site: SiteName
  logger: Logger
  /** Kind of the source that is about to be opened. */
  kind: string
  saved: Saved | undefined
  /** Seq of the newest entry of each folder as the log has it now. */
  lastSeqs: Written
}

/**
 * Compares the last save with the log: how many entries got through after it, and when nobody recorded.
 * @throws DtmsError `world.mismatch` when the log was written from another kind of source
 */
export async function findResume(options: ResumeOptions): Promise<Resume> {
  const { saved, lastSeqs, site, logger, kind } = options
  if (saved !== undefined && saved.source !== kind) {
    throw new DtmsError(
      'world.mismatch',
      `the log of ${site} was written from the source ${saved.source}, not ${kind}`,
      {
        hint: `use another data directory (DTMS_DATA_DIR) for this source, or DTMS_SOURCE=${saved.source} to go on`,
      },
    )
  }
  const usable = saved !== undefined && isBehind(saved.lastSeqs, lastSeqs) ? saved : undefined
  if (saved !== undefined && usable === undefined) {
    logger.warn('the saved state is ahead of the log, which has lost lines: beginning anew behind what is there', {
      saved: saved.lastSeqs,
      log: lastSeqs,
    })
  }
  const since: Written = usable?.lastSeqs ?? { transfers: 0, events: 0, truth: 0 }
  const events = await readEvents(options, since.events)
  return {
    state: usable?.state,
    pauses: events.pauses,
    written: {
      transfers: lastSeqs.transfers - since.transfers,
      truth: lastSeqs.truth - since.truth,
      events: events.announced,
    },
  }
}

function isBehind(saved: Written, log: Written): boolean {
  return saved.transfers <= log.transfers && saved.events <= log.events && saved.truth <= log.truth
}

/** Every pause of the site, and how many other events came after a seq. */
async function readEvents(options: ResumeOptions, afterSeq: number): Promise<{ pauses: Pause[]; announced: number }> {
  const pauses: Pause[] = []
  let announced = 0
  for (const event of await readFolder(options.volume, 'events', options.site, eventsCodec)) {
    if (event.type === 'paused') pauses.push({ from: event.from, to: event.to })
    else if (event.seq > afterSeq) announced += 1
  }
  return { pauses, announced }
}

/** A whole folder of a stream that is small by its nature. */
export async function readFolder<Read>(
  volume: Volume,
  stream: string,
  site: SiteName,
  codec: Codec<never, Read>,
): Promise<Read[]> {
  const tailer = createTailer({ volume, stream, writers: [site], codec })
  const values: Read[] = []
  for (let caughtUp = false; !caughtUp; ) {
    const batch = await tailer.poll()
    values.push(...batch.entries.map((entry) => entry.value))
    caughtUp = batch.caughtUp
  }
  return values
}
