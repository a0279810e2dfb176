import { describe, expect, test } from 'vitest'
import { anImport } from '../../support/imports.ts'

const HEADER = 'timestamp_iso,timestamp_unix,bytes,duration,throughput_bytes_per_sec,status,site'

describe('transfers.csv of earlier releases', () => {
  test('a row ends at its timestamp', async () => {
    const data = anImport()
    const row = '2023-10-01T12:00:00Z,1696161600.25,1000,10.5,95.2,OK,SITE_A'
    expect(await data.run(`${HEADER}\n${row}\n`, 'transfers-csv')).toMatchObject({ imported: 1 })
    expect(await data.records()).toMatchObject([
      {
        site: 'SITE_A',
        source: 'SITE_A',
        destination: 'UNKNOWN',
        startedAt: 1_696_161_589.75,
        endedAt: 1_696_161_600.25,
        durationSeconds: 10.5,
        sizeBytes: 1000,
        status: 'ok',
      },
    ])
  })

  test.each([
    ['timestamp for timestamp_unix', 'timestamp,bytes,duration,status,site', '1696161600,1,2,OK,SITE_A'],
    ['the ISO timestamp alone', 'timestamp_iso,bytes,duration,status,site', '2023-10-01T12:00:00Z,1,2,OK,SITE_A'],
    ['no status column', 'timestamp_unix,bytes,duration,site', '1696161600,1,2,SITE_A'],
    ['the columns of anomalies.csv', `${HEADER},anomaly_label,anomaly_score`, ',1696161600,1,2,0.5,OK,SITE_A,-1,-0.2'],
  ])('%s is read', async (_, header, row) => {
    const data = anImport()
    expect(await data.run(`${header}\n${row}\n`, 'transfers-csv')).toMatchObject({ imported: 1 })
    expect(await data.records()).toMatchObject([{ endedAt: 1_696_161_600, site: 'SITE_A', status: 'ok' }])
  })

  test.each([
    ['no site column', 'timestamp_unix,bytes,duration', '1696161600,1,2'],
    ['an empty site', 'timestamp_unix,bytes,duration,site', '1696161600,1,2,'],
  ])('%s becomes UNKNOWN, and that is said', async (_, header, row) => {
    const report = await anImport().run(`${header}\n${row}\n`, 'transfers-csv')
    expect(report.sites).toEqual(['UNKNOWN'])
    expect(report.assumed).toEqual([{ assumption: 'site missing: taken as UNKNOWN', rows: 1 }])
  })

  test.each([
    ['FAILED', { status: 'failed', error: { scope: 'transfer', class: 'interrupted', message: 'FAILED' } }],
    ['cancelled', { status: 'aborted', error: { scope: 'scheduler', class: 'cancelled' } }],
    ['success', { status: 'ok' }],
  ])('status %s', async (status, record) => {
    const data = anImport()
    await data.run(`${HEADER}\n,1696161600,1,2,0.5,${status},SITE_A\n`, 'transfers-csv')
    expect(await data.records()).toMatchObject([record])
  })

  test.each([
    [',1696161600,1,0,0,OK,SITE_A', 'zero-duration'],
    [',1696161600,1,2,0,maybe,SITE_A', 'bad-status'],
    [',1696161600,-1,2,0,OK,SITE_A', 'negative-size'],
    [',,1,2,0,OK,SITE_A', 'bad-time'],
    [',1,1,2,0,OK,SITE_A', 'bad-time'],
    [',1696161600,1,2,0,OK', 'columns'],
    [',1696161600,1,2,0,OK,Site A', 'bad-name'],
  ])('%s is quarantined as %s', async (row, reason) => {
    const report = await anImport().run(`${HEADER}\n${row}\n`, 'transfers-csv')
    expect(report.quarantined).toEqual({ total: 1, byReason: { [reason]: 1 } })
  })

  test('a failed transfer of no time is one that never began', async () => {
    const report = await anImport().run(`${HEADER}\n,1696161600,0,0,0,FAILED,SITE_A\n`, 'transfers-csv')
    expect(report.imported).toBe(1)
  })

  test('a header without any timestamp names what is missing', async () => {
    await expect(anImport().run('a,b\n', 'transfers-csv')).rejects.toThrow(
      /lacks the columns timestamp_unix or timestamp or timestamp_iso, bytes, duration/,
    )
  })
})
