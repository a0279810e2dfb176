import { expect, test } from 'vitest'
import { emptyBatch } from '../../exporters/source.ts'

test('a batch without anything says only when to ask again, and shares nothing with the next', () => {
  const first = emptyBatch(200)
  expect(first).toEqual({ transfers: [], events: [], truth: [], waitMs: 200 })
  expect(emptyBatch(200).transfers).not.toBe(first.transfers)
})
