import { expect, it } from 'vitest'
import { differences } from '../../../streaming/kafka/topics.ts'

const plan = { topic: 't', partitions: 3, replication: 2, retentionHours: 1.5 }
const found = { partitions: 3, replication: 2, settings: new Map([['retention.ms', '5400000']]) }

it('a topic as planned differs in nothing', () => {
  expect(differences(plan, found)).toEqual([])
})

it('each difference is said with what is wanted and what is found', () => {
  const wanted = { ...plan, partitions: 4, settings: new Map([['max.message.bytes', '99']]) }
  const other = { ...found, replication: 1, settings: new Map([['retention.ms', '-1']]) }
  expect(differences(wanted, other)).toEqual([
    { topic: 't', what: 'partitions', wanted: '4', found: '3' },
    { topic: 't', what: 'replication', wanted: '2', found: '1' },
    { topic: 't', what: 'retention.ms', wanted: '5400000', found: '-1' },
    { topic: 't', what: 'max.message.bytes', wanted: '99', found: 'unknown' },
  ])
})
