import { describe, expect, test } from 'vitest'
import { slacCsv } from '../../../exporters/import/slac-csv.ts'
import { aSlacRow, SLAC_HEADER } from '../../support/imports.ts'

const read = slacCsv.open(SLAC_HEADER.split(','))
const transferOf = (changes: Parameters<typeof aSlacRow>[1]) => {
  const assumed: string[] = []
  return { ...read(aSlacRow(0, changes).split(','), (text) => assumed.push(text)), assumed }
}

describe('a row of the SLAC log', () => {
  test('is a transfer between a disk and tape, recorded by the instrument', () => {
    expect(transferOf({})).toEqual({
      site: 'AMO',
      source: 'FS_3',
      destination: 'TAPE',
      protocol: 'tape',
      activity: 'raw',
      queuedAt: 1_541_548_440,
      startedAt: 1_541_548_440,
      endedAt: 1_541_548_634,
      sizeBytes: 6_512_513_552,
      bytesTransferred: 6_512_513_552,
      durationSeconds: 194,
      firstByteSeconds: 0,
      status: 'ok',
      attempt: 1,
      streams: 1,
      checksum: 'none',
      origin: { kind: 'slac-csv' },
      assumed: [],
    })
  })

  test.each([
    ['0', 'FS_3', 'TAPE', 0],
    ['1', 'TAPE', 'FS_3', 0],
    ['-1', 'FS_3', 'TAPE', 1],
  ])('ttype %s goes from %s to %s', (ttype, source, destination, assumptions) => {
    const transfer = transferOf({ ttype })
    expect(transfer).toMatchObject({ source, destination })
    expect(transfer.assumed.length).toBe(assumptions)
  })

  test.each([
    ['0', 'raw', 0],
    ['1', 'small', 0],
    ['2', 'type 2', 0],
    ['-1', 'unknown', 1],
  ])('ftype %s is %s', (ftype, activity, assumptions) => {
    const transfer = transferOf({ ftype })
    expect(transfer.activity).toBe(activity)
    expect(transfer.assumed.length).toBe(assumptions)
  })

  test.each([
    [{ elap: '0' }, 'zero-duration'],
    [{ elap: '4294967295' }, 'sentinel-duration'],
    [{ elap: '-1' }, 'negative-duration'],
    [{ elap: '' }, 'bad-duration'],
    [{ fsz: '-1' }, 'negative-size'],
    [{ fsz: '9007199254740992' }, 'unsafe-size'],
    [{ fsz: 'big' }, 'bad-size'],
    [{ start: 'now' }, 'bad-time'],
    [{ start: '-5' }, 'bad-time'],
    [{ instr: '../amo' }, 'bad-name'],
    [{ fsid: '-3' }, 'bad-name'],
    [{ ttype: '2' }, 'bad-direction'],
    [{ ftype: 'raw' }, 'bad-value'],
  ])('%j is quarantined as %s', (changes, reason) => {
    expect(() => transferOf(changes)).toThrow(expect.objectContaining({ reason }))
  })

  test('one millisecond is long enough', () => {
    expect(transferOf({ elap: '1' }).durationSeconds).toBe(0.001)
  })
})
