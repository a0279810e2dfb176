import { describe, expect, it } from 'vitest'
import { epochOf, highestEpoch, isSegment, isWriterName, segmentName, segmentsOf } from '../../../lib/log/segments.ts'

describe('names in a stream', () => {
  it('sort in the order of writing', () => {
    const names = [segmentName(1, 1), segmentName(1, 2), segmentName(1, 10), segmentName(2, 1), segmentName(10, 1)]
    expect([...names].sort()).toEqual(names)
    expect(names[0]).toBe('000001-000001.ndjson')
  })

  it.each([
    ['000012-000003.ndjson', 12],
    ['index.ndjson', undefined],
    ['lease.json', undefined],
    ['1-1.ndjson', undefined],
    ['000001-000001.ndjson.gz', undefined],
    ['x000001-000001.ndjson', undefined],
  ])('%s has epoch %s', (name, epoch) => {
    expect(epochOf(name)).toBe(epoch)
    expect(isSegment(name)).toBe(epoch !== undefined)
  })

  it('tell segments from the rest, and the highest epoch', () => {
    const names = ['000001-000009.ndjson', '000003-000001.ndjson', 'index.ndjson', 'lease.json']
    expect(segmentsOf(names)).toEqual(names.slice(0, 2))
    expect(highestEpoch(names)).toBe(3)
    expect(segmentsOf(undefined)).toEqual([])
    expect(highestEpoch(undefined)).toBe(0)
  })

  it.each([
    ['SITE_A', true],
    ['zscore-p0', true],
    ['', false],
    ['.hidden', false],
    ['a b', false],
    ['a/b', false],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
  ])('%j can be a writer’s folder: %s', (name, possible) => {
    expect(isWriterName(name)).toBe(possible)
  })
})
