import { expect, test } from 'vitest'
import { Repeats } from '../../../exporters/import/repeats.ts'

test('every occurrence can be taken once', () => {
  const repeats = new Repeats()
  repeats.add('a')
  repeats.add('a')
  expect([repeats.take('a'), repeats.take('a'), repeats.take('a')]).toEqual([true, true, false])
  repeats.add('a')
  expect([repeats.has('a'), repeats.take('a'), repeats.has('a')]).toEqual([true, true, false])
})

test('many texts that differ in little are kept apart', () => {
  const repeats = new Repeats()
  for (let i = 0; i < 100_000; i += 1) repeats.add(`slac-csv||AMO|FS_3|TAPE|${1_541_548_440 + i}|${i % 7}`)
  let confused = 0
  let found = 0
  for (let i = 0; i < 100_000; i += 1) {
    if (repeats.has(`slac-csv||AMO|FS_3|TAPE|${1_541_548_440 + i}|${(i % 7) + 1}`)) confused += 1
    if (repeats.take(`slac-csv||AMO|FS_3|TAPE|${1_541_548_440 + i}|${i % 7}`)) found += 1
  }
  expect({ confused, found }).toEqual({ confused: 0, found: 100_000 })
})
