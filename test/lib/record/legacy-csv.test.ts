import { expect, test } from 'vitest'
import { siteName } from '../../../lib/names.ts'
import {
  ANOMALIES_CSV_HEADER,
  anomalyCsvRow,
  TRANSFERS_CSV_HEADER,
  toLegacyScore,
  transferCsvRow,
} from '../../../lib/record/legacy-csv.ts'
import { anAnomaly } from '../../support/api.ts'
import { aTransfer, NOON } from '../../support/builders.ts'

test('a transfer is a row in the old order of columns', () => {
  const record = { ...aTransfer({ endedAt: NOON + 0.25 }), v: 1, seq: 1, id: 'SITE_A-1' }
  expect(TRANSFERS_CSV_HEADER).toBe(
    'timestamp_iso,timestamp_unix,bytes,duration,throughput_bytes_per_sec,status,site\n',
  )
  expect(transferCsvRow(record)).toBe('2023-10-01T12:00:00.250Z,1696161600.25,1000000000,10,100000000,ok,SITE_A\n')
})

test('an anomaly carries the label -1 and a score that is low when it is bad', () => {
  const line = { v: 1, seq: 1, ...anAnomaly({ score: 0.75, site: siteName('SITE_B') }) }
  expect(ANOMALIES_CSV_HEADER).toBe(TRANSFERS_CSV_HEADER.replace('\n', ',anomaly_label,anomaly_score\n'))
  expect(anomalyCsvRow(line)).toBe('2023-10-01T12:00:00.000Z,1696161600,1000000000,10,100000000,ok,SITE_B,-1,-0.25\n')
})

test.each([
  [0, 0.5],
  [0.5, 0],
  [0.8, -0.3],
  [1, -0.5],
])('a score of %d was %d', (score, expected) => {
  expect(toLegacyScore(score)).toBe(expected)
})
