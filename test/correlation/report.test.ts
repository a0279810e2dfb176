import { describe, expect, it } from 'vitest'
import { analyse } from '../../correlation/analysis.ts'
import { toEntry } from '../../correlation/report.ts'
import { siteName } from '../../lib/names.ts'
import { MAX_LINE_BYTES } from '../../lib/record/record.ts'
import { correlationsCodec } from '../../lib/streams/codecs.ts'
import type { CorrelationItem } from '../../lib/streams/correlations.ts'
import { NOON } from '../support/builders.ts'

const facts = { at: NOON, from: NOON - 3600, to: NOON, newRecords: 5, newAnomalies: 1 }

function items(count: number): CorrelationItem[] {
  const minutes = new Map(
    Array.from({ length: 60 }, (_, i) => [i, { records: 1, bytes: i * i * 7, milliseconds: 13, anomalies: i % 3 }]),
  )
  return Array.from({ length: count }, (_, i) =>
    analyse({ scope: { source: siteName(`SOURCE_${i}`), destination: siteName('DESTINATION') }, minutes }),
  )
}

describe('the line of a run', () => {
  it('carries every item with its lags when they fit', () => {
    const entry = toEntry(facts, items(10))
    expect(entry.items).toEqual(items(10))
    expect(entry).not.toHaveProperty('omitted')
  })

  it.each([40, 60, 150, 400])('stays below the limit of a line with %d links and can be read back', (count) => {
    const entry = toEntry(facts, items(count))
    const line = correlationsCodec.serialise(entry, 1)
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE_BYTES)
    const parsed = correlationsCodec.parse(Buffer.from(line.trimEnd()))
    expect(parsed).toMatchObject({ ok: true, value: { newRecords: 5 } })
    expect(entry.items.length + (entry.omitted ?? 0)).toBe(count)
    expect(entry.items[0]?.lags).toHaveLength(21)
  })

  it('drops lags before it drops items', () => {
    const entry = toEntry(facts, items(100))
    expect(entry.items).toHaveLength(100)
    expect(entry.items.at(-1)?.lags).toEqual([])
  })
})
