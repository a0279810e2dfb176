import { describe, expect, it } from 'vitest'
import { enrichedValue, noRoutes, parseRoutes, targetsOf, topicsOf } from '../../streaming/routing.ts'
import { anEvent } from '../support/stream-events.ts'

const file = `
sites:
  SITE_A: { name: Geneva, group: europe }
  SITE_B: { group: europe }
rules:
  - name: failures
    when: { status: [failed, aborted] }
    to: { topic: dtms_failures }
  - name: full
    when: { errorClass: no_space, destination: SITE_B }
    to: { sink: webhook }
  - name: also-failures
    when: { routeClass: internal, status: failed }
    to: { topic: dtms_failures }
  - name: odd
    when: { anomaly: true, sizeClass: [medium, large] }
    to: { sink: log }
  - name: archive
    to: { topic: dtms_all }
`
const table = parseRoutes(file, 'routes.yaml')

function targets(event: Parameters<typeof anEvent>[0], anomaly = false) {
  const whole = anEvent(event)
  return targetsOf(table, whole, table.enricher.enrich(whole), anomaly).map((target) =>
    'topic' in target ? `${target.rule} > ${target.topic}` : `${target.rule} > ${target.sink}`,
  )
}

describe('rules', () => {
  it.each([
    [{}, false, ['archive > dtms_all']],
    [{ status: 'aborted' }, false, ['failures > dtms_failures', 'archive > dtms_all']],
    [
      { status: 'failed', errorClass: 'no_space' },
      false,
      ['failures > dtms_failures', 'full > webhook', 'archive > dtms_all'],
    ],
    [
      { status: 'failed', errorClass: 'no_space', destination: 'SITE_C' },
      false,
      ['failures > dtms_failures', 'archive > dtms_all'],
    ],
    [{ sizeBytes: 99_999_999 }, true, ['archive > dtms_all']],
    [{ sizeBytes: 100_000_000 }, true, ['odd > log', 'archive > dtms_all']],
    [{ sizeBytes: 100_000_000 }, false, ['archive > dtms_all']],
  ] as const)('send %j (anomaly: %s) to %j', (event, anomaly, expected) => {
    expect(targets(event, anomaly)).toEqual(expected)
  })

  it('name the topics they need, each once', () => {
    expect(topicsOf(table)).toEqual(['dtms_failures', 'dtms_all'])
    expect(topicsOf(noRoutes)).toEqual([])
  })

  it('send the record as it came, with what is known besides', () => {
    const value = Buffer.from(JSON.stringify({ id: 'SITE_A-1', later: 'field' }))
    const more = table.enricher.enrich(anEvent({ sizeBytes: 5 }))
    expect(JSON.parse(enrichedValue(value, more, 'failures').toString())).toEqual({
      ...{ id: 'SITE_A-1', later: 'field', src_name: 'Geneva', dst_name: 'SITE_B' },
      ...{ route_class: 'internal', size_class: 'small', rule: 'failures' },
    })
  })
})

describe('a file of rules', () => {
  it('may be empty of rules', () => {
    expect(parseRoutes('rules: []', 'r.yaml').rules).toEqual([])
  })

  it('is refused with every problem at its line and column', () => {
    const wrong = `
rules:
  - name: One
    to: { topic: "a b" }
  - name: two
    when: { status: [bad], colour: red }
    to: { sink: printer }
  - name: two
    to: {}
sites:
  site_a: {}
`
    let message = ''
    try {
      parseRoutes(wrong, 'r.yaml')
    } catch (error) {
      message = String(error)
    }
    for (const place of [
      'r.yaml:3:11',
      'r.yaml:4:',
      'r.yaml:6:',
      'r.yaml:7:',
      'r.yaml:8:11',
      'r.yaml:9:',
      'r.yaml:11:',
    ]) {
      expect(message).toContain(place)
    }
    expect(message).toContain('colour')
  })
})
