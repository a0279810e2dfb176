import { expect, test } from 'vitest'
import { eventAnomaliesCodec } from '../../../lib/streams/codecs.ts'
import type { Entry } from '../../../lib/streams/envelope.ts'
import type { EventAnomalyLine } from '../../../lib/streams/event-anomalies.ts'
import { NOON } from '../../support/builders.ts'

const entry: Entry<EventAnomalyLine> = {
  ...{ at: NOON, type: 'event-anomaly', id: 'zscore-ops.events-0-17', topic: 'ops.events', partition: 0, offset: 17 },
  ...{ eventId: 'e-17', key: 'cpu', value: 97.5, zScore: 6.25, channel: 'level', score: 0.68, threshold: 0.5 },
}

test('a verdict on an event is read back as it was written', () => {
  const line = eventAnomaliesCodec.serialise(entry, 1)
  const parsed = eventAnomaliesCodec.parse(Buffer.from(line).subarray(0, -1))
  expect(parsed).toMatchObject({ ok: true, value: { ...entry, v: 1, seq: 1 } })
})

test.each([{ score: 1.5 }, { value: Number.POSITIVE_INFINITY }, { offset: -1 }, { key: 'k'.repeat(257) }])(
  'nothing is written that a reader would refuse: %j',
  (changes) => {
    expect(() => eventAnomaliesCodec.serialise({ ...entry, ...changes }, 1)).toThrow()
  },
)
