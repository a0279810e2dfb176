import { expect, test } from 'vitest'
import { decisionLine } from '../../streaming/decision-log.ts'

const decision = {
  ...{ eventId: 'e-1', offset: 7, key: 'k', score: 0.61, zScore: 4.7, channel: 'level', anomaly: true, at: 0 },
  processingMs: 0.012345,
}

test('a line has exactly the fields of the older consumer, in its order', () => {
  const line = decisionLine(decision, 2, 1_700_000_000_123)
  expect(line.endsWith('}\n')).toBe(true)
  expect(JSON.parse(line)).toEqual({
    level: 'warn',
    ts: '2023-11-14T22:13:20.123Z',
    event_id: 'e-1',
    partition: 2,
    offset: 7,
    score: 0.61,
    anomaly: true,
    processing_ms: 0.012,
    msg: 'anomaly',
  })
})

test('an id that looks like a line cannot make one', () => {
  const line = decisionLine({ ...decision, eventId: 'x"}\n{"level":"error"', anomaly: false }, 0, 0)
  expect(line.split('\n')).toHaveLength(2)
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'event scored' })
})
