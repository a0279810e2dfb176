import { type CheckpointFile, openCheckpoint } from '../../lib/log/checkpoint.ts'
import type { Checkpoint } from '../../lib/log/log.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import type { Bus } from '../bus.ts'

/** What the producer keeps beside its place in the log. */
export interface SavedProducer {
  /** Partition of every link that was ever published: it never changes. */
  links: [key: string, partition: number][]
  /** Offset of the newest acknowledged record of each partition. */
  ends: [partition: number, offset: number][]
}

const STATE_VERSION = 1

/**
 * One checkpoint a topic and kind of bus: what the memory bus has handled says nothing about a broker. Topics of the same
 * name share their links, so that a link's records stay in one partition when the bus is changed.
 */
export class ProducerFile {
  readonly #own: CheckpointFile<SavedProducer>
  readonly #other: CheckpointFile<SavedProducer>

  constructor(options: { volume: Volume; logger: Logger; topic: string; kind: Bus['kind'] }) {
    const { volume, logger, topic, kind } = options
    const open = (reader: string) =>
      openCheckpoint<SavedProducer>({ volume, logger, service: 'producer', reader, version: STATE_VERSION })
    this.#own = open(`${kind}-${readerName(topic)}`)
    this.#other = open(`${kind === 'kafka' ? 'memory' : 'kafka'}-${readerName(topic)}`)
  }

  async load(): Promise<Checkpoint<SavedProducer>> {
    const own = await this.#own.load()
    if (own !== undefined) return own
    const other = await this.#other.load()
    return { positions: new Map(), state: { links: other?.state.links ?? [], ends: [] } }
  }

  save(checkpoint: Checkpoint<SavedProducer>): Promise<void> {
    return this.#own.save(checkpoint)
  }
}

/** A topic's name as part of a file name. */
function readerName(topic: string): string {
  return topic.replaceAll(/[^A-Za-z0-9_-]/g, '-')
}
