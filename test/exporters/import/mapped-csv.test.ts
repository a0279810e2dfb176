import { describe, expect, test } from 'vitest'
import { mappedCsv } from '../../../exporters/import/mapped-csv.ts'
import { parseMapping } from '../../../exporters/import/mapping.ts'
import type { Transfer } from '../../../lib/record/record.ts'

const mapping = `version: 1
delimiter: tab
rename: {eos-prod.example.org: EOS}
columns:
  site: src
  source: src
  destination: dst
  queued: {column: submitted, unit: ms}
  start: {column: began, unit: iso}
  end: {column: ended, unit: iso}
  firstByte: {column: ttfb, unit: ms}
  size: {column: size, unit: B}
  transferred: {column: moved, unit: B}
  status: {column: state, ok: [FINISHED], aborted: [CANCELED]}
  error: reason
  protocol: proto
  activity: {column: vo}
  attempt: retries
  streams: conns
  checksum: {column: sum, values: {MATCH: ok, DIFFER: mismatch}}
  id: job
`
const row = {
  src: 'eos-prod.example.org',
  dst: 'tape.lab-b.example.org',
  submitted: '1696161500000',
  began: '2023-10-01T11:59:50Z',
  ended: '2023-10-01 12:00:00.5',
  ttfb: '250',
  size: '1000',
  moved: '1000',
  state: 'finished',
  reason: '-',
  proto: 'davs',
  vo: 'physics',
  retries: '2',
  conns: '8',
  sum: 'MATCH',
  job: 'j-17',
}

function read(changes: Partial<typeof row> = {}, text = mapping): Transfer {
  const format = mappedCsv(parseMapping(text, 'm.yaml'))
  const fields = Object.entries({ ...row, ...changes })
  const reader = format.open(fields.map(([name]) => name))
  return reader(
    fields.map(([, value]) => value),
    () => {},
  )
}

describe('a row of a mapped file', () => {
  test('becomes a transfer with every column in its place', () => {
    expect(read()).toEqual({
      site: 'EOS',
      source: 'EOS',
      destination: 'TAPE_LAB_B_EXAMPLE_ORG',
      protocol: 'davs',
      activity: 'physics',
      queuedAt: 1_696_161_500,
      startedAt: 1_696_161_590,
      endedAt: 1_696_161_600.5,
      sizeBytes: 1000,
      bytesTransferred: 1000,
      durationSeconds: 10.5,
      firstByteSeconds: 0.25,
      status: 'ok',
      attempt: 2,
      streams: 8,
      checksum: 'ok',
      origin: { kind: 'mapped-csv', id: 'j-17' },
    })
  })

  test.each([
    [
      'a failure with its message',
      { state: 'FAILED', reason: 'No space left', moved: '5' },
      { status: 'failed', bytesTransferred: 5, error: { class: 'no_space', message: 'No space left' } },
    ],
    [
      'a failure without one',
      { state: 'FAILED', moved: '' },
      { status: 'failed', bytesTransferred: 0, error: { class: 'interrupted' } },
    ],
    ['a failure without a size', { state: 'FAILED', size: 'NULL', moved: '-' }, { sizeBytes: 0, bytesTransferred: 0 }],
    [
      'a cancelled one',
      { state: 'canceled' },
      { status: 'aborted', error: { scope: 'scheduler', class: 'cancelled' } },
    ],
    ['a first try that the log calls retry 0', { retries: '0' }, { attempt: 1 }],
    [
      'missing values',
      { submitted: '', ttfb: '-', retries: '', conns: '', sum: '', proto: '', vo: 'NULL' },
      {
        queuedAt: 1_696_161_590,
        firstByteSeconds: 0,
        attempt: 1,
        streams: 1,
        checksum: 'none',
        protocol: 'unknown',
        activity: 'transfer',
      },
    ],
    ['a checksum word that is not mapped', { sum: 'constructor' }, { checksum: 'none' }],
  ])('%s', (_, changes, expected) => {
    expect(read(changes)).toMatchObject(expected)
  })

  test.each([
    [{ ended: '2023-10-01T11:59:49Z' }, 'negative-duration'],
    [{ ended: '2023-10-01T11:59:50Z' }, 'zero-duration'],
    [{ began: '' }, 'bad-time'],
    [{ ended: '2053-10-01T11:59:49Z' }, 'bad-duration'],
    [{ submitted: '1000' }, 'bad-time'],
    [{ src: '-' }, 'bad-name'],
    [{ dst: '###' }, 'bad-name'],
    [{ size: '' }, 'bad-size'],
    [{ moved: '-7' }, 'negative-size'],
    [{ state: '' }, 'bad-status'],
    [{ conns: 'many' }, 'bad-value'],
  ])('%j is quarantined as %s', (changes, reason) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ reason }))
  })

  test('a successful transfer of no time is kept when the log has whole seconds and the mapping says so', () => {
    const text = mapping.replace('delimiter: tab', 'delimiter: tab\nzeroDuration: keep')
    expect(read({ ended: row.began }, text).durationSeconds).toBe(0)
  })

  test('names can be asked to be exact', () => {
    const text = mapping.replace('delimiter: tab', 'delimiter: tab\nnames: exact')
    expect(() => read({}, text)).toThrow(expect.objectContaining({ reason: 'bad-name' }))
    expect(read({ dst: 'LAB_B' }, text).destination).toBe('LAB_B')
  })

  test.each([
    [
      'end',
      '  end: {column: ended, unit: iso}',
      '  duration: {column: ttfb, unit: s}',
      { startedAt: 1_696_161_590, endedAt: 1_696_161_840 },
    ],
    [
      'start',
      '  start: {column: began, unit: iso}',
      '  duration: {column: ttfb, unit: s}',
      { startedAt: 1_696_161_350.5, endedAt: 1_696_161_600.5 },
    ],
  ])('%s follows from the duration and the other', (_, from, to, expected) => {
    expect(read({ submitted: '' }, mapping.replace(from, to))).toMatchObject({ durationSeconds: 250, ...expected })
  })

  test('a header that lacks what the mapping names is told as a whole', () => {
    const format = mappedCsv(parseMapping(mapping, 'm.yaml'))
    expect(() => format.open(['src', 'size'])).toThrow(/lacks the columns dst, submitted, began, ended/)
  })
})
