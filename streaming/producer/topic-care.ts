import type { PartitionRange, TopicDifference, TopicPlan } from '../bus.ts'
import type { BusConfig } from '../kafka-settings.ts'

/** What the topic of the transfers should be like, by the settings. */
export function transfersPlan(config: BusConfig): TopicPlan {
  return {
    topic: config.transfersTopic,
    partitions: config.partitions,
    replication: config.replication,
    retentionHours: config.topicRetentionHours,
  }
}

/**
 * Whether the topic is another one than that which acknowledged these offsets: made anew, or set back to an older state.
 * Then records that were acknowledged are not in it.
 */
export function isRecreated(ends: ReadonlyMap<number, number>, ranges: readonly PartitionRange[]): boolean {
  const nextOf = new Map(ranges.map(({ partition, next }) => [partition, next]))
  return [...ends].some(([partition, offset]) => (nextOf.get(partition) ?? 0) <= offset)
}

/** The operator's next step about one difference. */
export function adviceAbout({ topic, what, wanted, found }: TopicDifference): string {
  if (what === 'partitions') {
    return Number(found) < Number(wanted)
      ? `grow it (kafka-topics.sh --alter --topic ${topic} --partitions ${wanted}; links keep the partition they have), or set DTMS_KAFKA_PARTITIONS=${found}`
      : `set DTMS_KAFKA_PARTITIONS=${found}: a topic cannot shrink`
  }
  if (what === 'replication') {
    return `move its replicas (kafka-reassign-partitions.sh), or set DTMS_KAFKA_REPLICATION=${found}`
  }
  return `change the topic (kafka-configs.sh --alter --entity-type topics --entity-name ${topic}), or the setting`
}
