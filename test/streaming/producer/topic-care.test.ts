import { expect, test } from 'vitest'
import { loadConfig } from '../../../lib/config.ts'
import { producerConfig } from '../../../streaming/config.ts'
import { adviceAbout, isRecreated, transfersPlan } from '../../../streaming/producer/topic-care.ts'

test('the topic is planned as the settings say', () => {
  const env = { DTMS_KAFKA_TRANSFERS_TOPIC: 't', DTMS_KAFKA_PARTITIONS: '6', DTMS_KAFKA_REPLICATION: '3' }
  expect(transfersPlan(loadConfig(producerConfig, env))).toEqual({
    ...{ topic: 't', partitions: 6, replication: 3, retentionHours: 24 },
  })
})

test.each([
  ['nothing was acknowledged yet', [], [{ partition: 0, first: 0, next: 0 }], false],
  ['the newest acknowledged record is the last', [[0, 9]], [{ partition: 0, first: 0, next: 10 }], false],
  ['it is not there', [[0, 9]], [{ partition: 0, first: 0, next: 9 }], true],
  ['retention has deleted it', [[0, 9]], [{ partition: 0, first: 10, next: 10 }], false],
  ['its partition is not there', [[1, 0]], [{ partition: 0, first: 0, next: 10 }], true],
] as const)('a topic of which %s is another one: %j %j %s', (_case, ends, ranges, expected) => {
  expect(isRecreated(new Map(ends), ranges)).toBe(expected)
})

test.each([
  ['partitions', '3', '2', '--partitions 3'],
  ['partitions', '3', '6', 'DTMS_KAFKA_PARTITIONS=6'],
  ['replication', '3', '1', 'DTMS_KAFKA_REPLICATION=1'],
  ['retention.ms', '1', '2', 'kafka-configs.sh'],
])('the advice about %s wanted %s and found %s names the step', (what, wanted, found, step) => {
  expect(adviceAbout({ topic: 't', what, wanted, found })).toContain(step)
})
