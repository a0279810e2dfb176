import { describe, expect, it } from 'vitest'
import { Enricher } from '../../streaming/enrichment.ts'
import { anEvent } from '../support/stream-events.ts'

const sites = new Map([
  ['SITE_A', { name: 'Geneva', group: 'europe' }],
  ['SITE_B', { group: 'europe' }],
  ['SITE_C', { group: 'america' }],
])

describe('an enriched event', () => {
  it.each([
    ['SITE_A', 'SITE_A', 'local'],
    ['SITE_A', 'SITE_B', 'internal'],
    ['SITE_A', 'SITE_C', 'external'],
    ['SITE_A', 'SITE_D', 'unknown'],
    ['SITE_D', 'SITE_D', 'local'],
  ])('from %s to %s is %s', (source, destination, routeClass) => {
    expect(new Enricher(sites).enrich(anEvent({ source, destination }))).toMatchObject({ routeClass })
  })

  it.each([
    [99_999_999, 'small'],
    [100_000_000, 'medium'],
    [9_999_999_999, 'medium'],
    [10_000_000_000, 'large'],
  ])('of %d bytes is %s', (sizeBytes, sizeClass) => {
    expect(new Enricher().enrich(anEvent({ sizeBytes }))).toMatchObject({ sizeClass })
  })

  it('has the names that people use, or those of the record', () => {
    const names = new Enricher(sites).enrich(anEvent({ source: 'SITE_A', destination: 'SITE_B' }))
    expect([names.sourceName, names.destinationName]).toEqual(['Geneva', 'SITE_B'])
  })
})
