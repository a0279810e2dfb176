import { expect, it } from 'vitest'
import { eventAnomaliesCodec } from '../../../lib/streams/codecs.ts'

const entry = {
  at: 1_700_000_000,
  type: 'event-anomaly',
  id: 'zscore-ops.events-0-12',
  ...{ topic: 'ops.events', partition: 0, offset: 12, eventId: 'e-1', key: 'host-1' },
  ...{ value: 99.5, zScore: 7.25, channel: 'level', score: 0.9, threshold: 0.5 },
} as const

it('a line comes back as it was written', () => {
  const line = eventAnomaliesCodec.serialise(entry, 3).trimEnd()
  expect(eventAnomaliesCodec.parse(Buffer.from(line))).toMatchObject({ ok: true, seq: 3, value: entry })
})

it.each([
  ['offset', -1],
  ['score', 1.5],
  ['partition', 0.5],
])('a line whose %s is %d is not written', (field, value) => {
  expect(() => eventAnomaliesCodec.serialise({ ...entry, [field]: value }, 1)).toThrow()
})
