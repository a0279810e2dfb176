import { expect, it } from 'vitest'
import { toBusMessage, toEnds, toWritten } from '../../../streaming/kafka/messages.ts'
import { someRecords } from '../../contracts/bus.contract.ts'

it('a message has the words of its headers, the last of those that come twice', () => {
  const headers = { a: Buffer.from('1'), b: ['2', Buffer.from('3')], none: undefined }
  const message = { offset: '7', key: Buffer.from('K'), value: Buffer.from('v'), timestamp: '1700000000000', headers }
  const read = toBusMessage(message)
  expect(read).toMatchObject({ offset: 7, key: 'K', value: Buffer.from('v'), timestampMs: 1_700_000_000_000 })
  expect([...read.headers]).toEqual([
    ['a', '1'],
    ['b', '3'],
  ])
  expect(['b', 'none', 'c', 'constructor'].map((name) => read.headers.get(name))).toEqual([
    '3',
    undefined,
    undefined,
    undefined,
  ])
})

it('a message of others may have no key and no value', () => {
  const message = toBusMessage({ offset: '0', key: null, value: null, timestamp: '5' })
  expect([message.key, message.value, [...message.headers]]).toEqual([undefined, undefined, []])
})

it('a record keeps its partition, and its time in whole milliseconds', () => {
  const [record] = someRecords(3, 1)
  expect(record && toWritten({ ...record, timestampMs: 12.6 })).toEqual({
    ...{ key: 'K3', value: Buffer.from('v0'), partition: 3, headers: { n: '0' }, timestamp: '13' },
  })
})

it('the end of a partition is the offset of its newest record', () => {
  const answers = [
    { partition: 0, baseOffset: '100' },
    { partition: 1, baseOffset: '7' },
  ]
  expect(toEnds(answers, [...someRecords(0, 3), ...someRecords(1, 1)])).toEqual([
    { partition: 0, offset: 102 },
    { partition: 1, offset: 7 },
  ])
})
