import type { Writable } from 'node:stream'
import { type EventRing, type EventType, eventTypes, type LiveEvent } from './ring.ts'

/** What a client may have waiting before it counts as too slow, bytes. */
export const MOST_BUFFERED_BYTES = 262_144
export const MOST_CLIENTS = 100
export const HEARTBEAT_MS = 15_000

/** While old events are sent again, no more than this waits in the connection, bytes. */
const REPLAY_CHUNK_BYTES = 65_536

/** A connection as the hub needs it: a response, or in tests any stream. */
export type Sink = Pick<Writable, 'write' | 'end' | 'destroy' | 'on' | 'writableLength' | 'writableNeedDrain'>

interface Client {
  sink: Sink
  types: ReadonlySet<EventType>
  /** Number of the next event to send while old ones are being sent; undefined once the client is live. */
  replayFrom: number | undefined
  /** Where the replay stood at the last heartbeat: one that stands still for a whole one is given up. */
  replayedTo: number | undefined
}

export interface HubOptions {
  heartbeatMs?: number
  mostClients?: number
  onDropped?(): void
}

/** Hands every event to every client that asked for its type. One slow client costs its own connection and nothing else. */
export class EventHub {
  readonly #ring: EventRing
  readonly #clients = new Set<Client>()
  readonly #mostClients: number
  readonly #onDropped: () => void
  readonly #heartbeatMs: number
  #heartbeat: NodeJS.Timeout | undefined

  constructor(ring: EventRing, options: HubOptions = {}) {
    this.#ring = ring
    this.#mostClients = options.mostClients ?? MOST_CLIENTS
    this.#onDropped = options.onDropped ?? (() => {})
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS
  }

  get clients(): number {
    return this.#clients.size
  }

  get full(): boolean {
    return this.#clients.size >= this.#mostClients
  }

  publish(type: EventType, data: unknown): void {
    const event = this.#ring.push(type, data)
    for (const client of this.#clients) if (client.replayFrom === undefined) this.#send(client, event)
  }

  /**
   * Adds a client. One that names the last event it saw gets what came since; when that cannot be told any more it gets
   * a `reset` and must load the lists again.
   */
  connect(sink: Sink, types: ReadonlySet<EventType> = new Set(eventTypes), lastEventId?: string): void {
    const client: Client = { sink, types, replayFrom: undefined, replayedTo: undefined }
    const resume = lastEventId === undefined ? undefined : this.#ring.resume(lastEventId)
    this.#clients.add(client)
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#heartbeatMs).unref()
    sink.on('close', () => this.#clients.delete(client))
    sink.on('error', () => this.#clients.delete(client))
    sink.on('drain', () => this.#replay(client))
    // The id line alone sets what a reconnecting client will name, without being an event.
    sink.write(`retry: 2000\nid: ${resume !== undefined && 'from' in resume ? lastEventId : this.#ring.headId}\n\n`)
    if (resume === undefined) return
    if ('reset' in resume) {
      const data = JSON.stringify({ reason: resume.reset })
      sink.write(`id: ${this.#ring.headId}\nevent: reset\ndata: ${data}\n\n`)
      return
    }
    client.replayFrom = resume.from
    this.#replay(client)
  }

  /** Ends every connection; clients come back to whoever listens next. */
  close(): void {
    clearInterval(this.#heartbeat)
    for (const client of this.#clients) client.sink.end()
    this.#clients.clear()
  }

  #replay(client: Client): void {
    if (client.replayFrom === undefined || !this.#clients.has(client)) return
    while (client.sink.writableLength < REPLAY_CHUNK_BYTES) {
      const number: number = client.replayFrom
      if (number === this.#ring.next) {
        client.replayFrom = undefined
        return
      }
      const event = this.#ring.at(number)
      if (event === undefined) {
        this.#drop(client)
        return
      }
      client.replayFrom = number + 1
      if (client.types.has(event.type)) client.sink.write(event.frame)
    }
  }

  #send(client: Client, event: LiveEvent): void {
    if (!client.types.has(event.type)) return
    if (client.sink.writableLength + event.frame.length > MOST_BUFFERED_BYTES) this.#drop(client)
    else client.sink.write(event.frame)
  }

  #drop(client: Client): void {
    this.#clients.delete(client)
    client.sink.destroy()
    this.#onDropped()
  }

  /** Also tells the newest id, so that a client whose types are rare does not fall out of the ring. */
  #beat(): void {
    for (const client of this.#clients) {
      if (client.replayFrom !== undefined) {
        if (client.replayFrom === client.replayedTo) this.#drop(client)
        client.replayedTo = client.replayFrom
      } else if (client.sink.writableLength > MOST_BUFFERED_BYTES) this.#drop(client)
      else client.sink.write(`: heartbeat\nid: ${this.#ring.headId}\n\n`)
    }
  }
}
