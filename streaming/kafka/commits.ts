import type { TopicPartition } from '../bus.ts'

/**
 * Places on their way to the group's coordinator, for tools that show lag: the newest of each partition, in the
 * background, dropped when refused. Nobody waits for them, because nothing is decided by them.
 */
export class Commits {
  readonly #send: (place: TopicPartition, offset: number) => Promise<void>
  readonly #newest = new Map<string, { place: TopicPartition; offset: number }>()
  #sending: Promise<void> | undefined

  constructor(send: (place: TopicPartition, offset: number) => Promise<void>) {
    this.#send = send
  }

  add(place: TopicPartition, offset: number): void {
    this.#newest.set(`${place.partition}@${place.topic}`, { place, offset })
    this.#sending ??= this.#run()
  }

  /** Resolves when everything added so far was taken or refused. */
  async settled(): Promise<void> {
    await this.#sending
  }

  async #run(): Promise<void> {
    // A turn of the event loop, so that the places of a burst become one.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#newest.size > 0) {
      const places = [...this.#newest.values()]
      this.#newest.clear()
      await Promise.all(places.map(({ place, offset }) => this.#send(place, offset).catch(() => undefined)))
    }
    this.#sending = undefined
  }
}
