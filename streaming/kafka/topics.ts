import type { TopicDifference, TopicPlan } from '../bus.ts'

/** A topic as it is found. */
export interface FoundTopic {
  partitions: number
  replication: number
  settings: ReadonlyMap<string, string>
}

/** The settings that a plan wants a topic to have, in the broker's words. */
export function settingsOf({ retentionHours, settings }: TopicPlan): Map<string, string> {
  return new Map([['retention.ms', String(Math.round(retentionHours * 3_600_000))], ...(settings ?? [])])
}

/** In what a topic differs from its plan. */
export function differences(plan: TopicPlan, found: FoundTopic): TopicDifference[] {
  const pairs: [what: string, wanted: string, found: string][] = [
    ['partitions', String(plan.partitions), String(found.partitions)],
    ['replication', String(plan.replication), String(found.replication)],
  ]
  for (const [name, wanted] of settingsOf(plan)) pairs.push([name, wanted, found.settings.get(name) ?? 'unknown'])
  return pairs
    .filter(([, wanted, is]) => wanted !== is)
    .map(([what, wanted, is]) => ({ topic: plan.topic, what, wanted, found: is }))
}
