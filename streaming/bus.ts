/**
 * What the producer and the consumer of the event stream need of a message bus, and no more. Two implementations pass one
 * contract suite (test/contracts/bus.contract.ts): `createMemoryBus` for the all-in-one, `createKafkaBus` for a broker.
 *
 * A topic has numbered partitions; a partition is an ordered list of records under growing offsets. The bus stores no
 * position that anybody relies on: whoever reads says where to go on, because the place and what was made of everything
 * before it must be saved together or records would be counted twice or never.
 */

export interface BusRecord {
  /** What keeps its order: `SITE_A>SITE_B` for transfers. */
  key: string
  /** Chosen by the publisher; the same key must always go to the same partition. */
  partition: number
  value: Buffer
  headers: ReadonlyMap<string, string>
  /** When it was handed to the bus, Unix milliseconds of the wall clock: end-to-end latency is counted from here. */
  timestampMs: number
}

export interface BusMessage {
  offset: number
  key: string | undefined
  /** Undefined for a record without a value (a tombstone somebody else wrote). */
  value: Buffer | undefined
  headers: MessageHeaders
  timestampMs: number
}

/** Names and values, as of a map; what nobody asks for need not be decoded. */
export interface MessageHeaders extends Iterable<[name: string, value: string]> {
  get(name: string): string | undefined
}

export interface TopicPartition {
  topic: string
  partition: number
}

/** What a topic should be like; made so when it is missing, compared when it is there. */
export interface TopicPlan {
  topic: string
  partitions: number
  replication: number
  retentionHours: number
  /** Further settings in the broker's own words, for example `max.message.bytes`. */
  settings?: ReadonlyMap<string, string>
}

export interface TopicDifference {
  topic: string
  what: string
  wanted: string
  found: string
}

export interface PartitionRange {
  partition: number
  /** Offset of the oldest record that is still there. */
  first: number
  /** Offset that the next record will get. */
  next: number
}

export interface Bus {
  readonly kind: 'memory' | 'kafka'
  /** False while the bus cannot be reached. Liveness never depends on it. */
  readonly connected: boolean
  /** Makes what is missing and says what differs. @throws DtmsError `bus.unavailable`, `bus.refused` */
  ensureTopics(plans: readonly TopicPlan[]): Promise<TopicDifference[]>
  /** What is in a topic now, by partition, ascending; undefined when there is no such topic. */
  ranges(topic: string): Promise<PartitionRange[] | undefined>
  /** Idempotent, in order, one publisher a process. */
  publisher(): Promise<Publisher>
  subscribe(options: SubscribeOptions): Promise<Subscription>
  close(): Promise<void>
}

export interface Publisher {
  /**
   * Resolves once these records cannot be lost any more: acknowledged by all in-sync replicas (Kafka), or handled and
   * committed by the reading group (memory). Calls may overlap; records keep the order in which they were handed over.
   * While the bus is away it goes on trying. Rejects only with `bus.closed` or `bus.refused`: when that is not retryable,
   * one of the records will never be taken, and the batch is the caller's to split and put aside; when it is, the records
   * are good and credentials, rights or the topic's partitions are not.
   */
  publish(topic: string, records: readonly BusRecord[]): Promise<PartitionEnd[]>
  close(): Promise<void>
}

/** The newest record of a publish in one partition. */
export interface PartitionEnd {
  partition: number
  offset: number
}

/** A partition that this member of the group now reads. */
export interface Assignment extends TopicPartition {
  /** Differs when it is surely another topic of the same name: then no saved offset means anything. */
  incarnation: string
  first: number
  next: number
}

export interface SubscribeOptions {
  topics: readonly string[]
  group: string
  /**
   * A partition has been given to this member; nothing of it is delivered before this has resolved with the offset to
   * read from. While it takes its time other partitions go on. When it rejects it is tried again as long as the
   * partition stays assigned. `signal` aborts when the partition is taken away meanwhile.
   */
  onAssigned(assignment: Assignment, signal: AbortSignal): Promise<number>
  /** Records of one partition in offset order, never two calls of one partition at once; the next when this resolves. Rejecting delivers the same records again after a pause. */
  onRecords(partition: TopicPartition, records: readonly BusMessage[]): Promise<void>
  /** The partition has gone to another member, or the subscription closes. Called after its last `onRecords` has ended. */
  onRevoked(partition: TopicPartition): Promise<void>
  /** The offset asked for is not there any more: reading goes on at `to`; records from..to-1 are lost to this reader. */
  onLost(partition: TopicPartition, range: { from: number; to: number }): void
}

export interface Subscription {
  /** Partitions assigned and restored. */
  readonly assigned: readonly TopicPartition[]
  /** The group has this member and every assigned partition has been restored. */
  readonly ready: boolean
  /**
   * Everything before `offset` has been handled and saved by the caller. Kafka keeps it for tools that show the lag of a
   * group; the memory bus lets publishers know and forgets the records.
   */
  commit(partition: TopicPartition, offset: number): Promise<void>
  /** Records between the reader's place and the end, by partition; asks the bus, so it is right while nothing is read. */
  lag(): Promise<(TopicPartition & { records: number })[]>
  /** Takes no more, waits for the calls under way, lets partitions go (`onRevoked`), leaves the group. */
  close(): Promise<void>
}
