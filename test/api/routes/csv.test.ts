import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aHistory, anAnomaly, startApi, writeAnomalies, writeTransfers } from '../../support/api.ts'
import { aFolder, aTransfer, NOON } from '../../support/builders.ts'

describe('/transfers.csv', () => {
  test('is the whole log with one header, also what is no longer in memory', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeTransfers(volume, aHistory(60))
    const { get } = await startApi({ volume, env: { DTMS_API_RECORDS: '100' } })
    const answer = await get('/transfers.csv')
    expect(answer.headers['content-type']).toMatch(/^text\/csv/)
    const lines = answer.text.trimEnd().split('\n')
    expect(lines[0]).toBe('timestamp_iso,timestamp_unix,bytes,duration,throughput_bytes_per_sec,status,site')
    expect(lines).toHaveLength(361)
    const times = lines.slice(1).map((line) => Number(line.split(',')[1]))
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  test('keeps to a site and a range', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeTransfers(volume, aHistory(10))
    const { get } = await startApi({ volume })
    const answer = await get(`/transfers.csv?site=SITE_A&from=${NOON - 60}`)
    expect(answer.text.trimEnd().split('\n').slice(1)).toEqual(
      [NOON - 60, NOON - 60, NOON, NOON].map((at) =>
        expect.stringContaining(`Z,${at},1000000000,10,100000000,ok,SITE_A`),
      ),
    )
    expect((await get('/transfers.csv?site=SITE_Z')).status).toBe(422)
  })

  test('is a header alone before the first record', async () => {
    const { get } = await startApi()
    expect((await get('/transfers.csv')).text.split('\n')).toHaveLength(2)
  })

  test('a caller that goes away in the middle harms nobody', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeTransfers(
      volume,
      Array.from({ length: 40_000 }, (_, i) => aTransfer({ endedAt: NOON - i })),
    )
    const { get, url } = await startApi({ volume })
    await new Promise<void>((resolve) => {
      const sent = request(`${url}/transfers.csv`, (response) => {
        response.once('data', () => {
          response.destroy()
          resolve()
        })
      })
      sent.end()
    })
    expect((await get('/transfers.csv')).text.split('\n')).toHaveLength(40_002)
  })
})

test('/anomalies.csv has flagged transfers with the old label and sign, and no verdicts about whole links', async () => {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, [aTransfer()])
  await writeAnomalies(volume, [anAnomaly({ score: 0.75 }), anAnomaly({ level: 'link', id: 'failure-share-SITE_A-1' })])
  const { get } = await startApi({ volume })
  expect((await get('/anomalies.csv')).text.trimEnd().split('\n').slice(1)).toEqual([
    '2023-10-01T12:00:00.000Z,1696161600,1000000000,10,100000000,ok,SITE_A,-1,-0.25',
  ])
})
