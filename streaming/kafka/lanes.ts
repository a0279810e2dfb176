import type { BusRecord, PartitionEnd } from '../bus.ts'
import type { Lane } from './publisher.ts'

/** More than one, so that one makes its request while another waits for the broker; each is a connection of its own. */
const LANES = 2

/** What is published to one topic, shared out by partition: the records of one partition always go the same way. */
export class Lanes {
  readonly #lanes: readonly Pick<Lane, 'publish' | 'close'>[]

  constructor(open: () => Pick<Lane, 'publish' | 'close'>) {
    this.#lanes = Array.from({ length: LANES }, open)
  }

  /** Resolves when all are acknowledged; rejects when all have ended and some were not. */
  async publish(records: readonly BusRecord[]): Promise<PartitionEnd[]> {
    const shares = this.#lanes.map((lane, i) => ({
      lane,
      share: records.filter(({ partition }) => partition % LANES === i),
    }))
    const results = await Promise.allSettled(
      shares.filter(({ share }) => share.length > 0).map(({ lane, share }) => lane.publish(share)),
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return results
      .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      .sort((a, b) => a.partition - b.partition)
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }
}
