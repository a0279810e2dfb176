import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importFile } from '../../../exporters/import/import.ts'
import { openLogWriter } from '../../../lib/log/writer.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { aClock, aFolder } from '../../support/builders.ts'
import { aDiskThatFills } from '../../support/exporters.ts'
import { anImport, aSlacFile, aSlacRow, gzipped, recordsOf, SLAC_HEADER, sharedData } from '../../support/imports.ts'

const rows = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => aSlacRow(from + i))

describe('an import', () => {
  test('writes one log a site, with the original times and the line of each row', async () => {
    const data = anImport()
    const report = await data.run(aSlacFile([aSlacRow(0), aSlacRow(1, { instr: 'cxi', ttype: '1' })]))
    expect(report).toMatchObject({ read: 2, imported: 2, repeated: 0, quarantined: { total: 0, byReason: {} } })
    expect(report.sites).toEqual(['AMO', 'CXI'])
    expect(report.links).toEqual([
      { source: 'FS_3', destination: 'TAPE', transfers: 1 },
      { source: 'TAPE', destination: 'FS_3', transfers: 1 },
    ])
    expect(await data.records()).toMatchObject([
      { id: 'AMO-1', site: 'AMO', startedAt: 1_541_548_440, endedAt: 1_541_548_634, origin: { line: 2 } },
      { id: 'CXI-1', site: 'CXI', startedAt: 1_541_548_500, origin: { kind: 'slac-csv', line: 3 } },
    ])
    expect([report.from, report.to]).toEqual([1_541_548_440, 1_541_548_694])
  })

  test('leaves no lease behind, so that services can read on at once', async () => {
    const data = anImport()
    await data.run(aSlacFile(rows(3)))
    expect(await data.volume.list('transfers/AMO')).toEqual(['000001-000001.ndjson', 'index.ndjson'])
  })

  test('gives the same bytes when the same file is imported elsewhere', async () => {
    const content = aSlacFile([...rows(5), 'nonsense'])
    const [a, b] = [anImport(), anImport()]
    await a.run(content)
    await b.run(content)
    for (const path of ['transfers/AMO/000001-000001.ndjson', 'quarantine/import/000001-000001.ndjson']) {
      expect(await a.volume.read(path, 0, 1e6)).toEqual(await b.volume.read(path, 0, 1e6))
    }
  })

  test('keeps every row that cannot become a record, with its reason, place and text', async () => {
    const data = anImport()
    const bad = [aSlacRow(1, { elap: '0' }), 'a,b', aSlacRow(2, { fsz: '-5' }), `x\0${aSlacRow(3)}`]
    const report = await data.run(aSlacFile([aSlacRow(0), ...bad, aSlacRow(4)]))
    expect(report).toMatchObject({
      read: 6,
      imported: 2,
      quarantined: { total: 4, byReason: { columns: 1, encoding: 1, 'negative-size': 1, 'zero-duration': 1 } },
    })
    const rejected = await data.rejected()
    expect(rejected.map(({ reason, line, text }) => [reason, line, text])).toEqual([
      ['zero-duration', 3, bad[0]],
      ['columns', 4, bad[1]],
      ['negative-size', 5, bad[2]],
      ['encoding', 6, bad[3]],
    ])
    expect(rejected[0]).toMatchObject({ type: 'quarantined', origin: 'log.csv', bytes: bad[0]?.length })
  })

  test('cuts what it keeps of a bad row to 1 KiB, never inside a character', async () => {
    const data = anImport()
    await data.run(aSlacFile([aSlacRow(0, { instr: 'é'.repeat(2000) })]))
    const [rejected] = await data.rejected()
    expect(rejected?.text).toBe('é'.repeat(512))
    expect(rejected?.bytes).toBeGreaterThan(4000)
  })

  test('imports rows out of time order, counts them, and puts what it writes together into order', async () => {
    const data = anImport()
    const report = await data.run(aSlacFile([aSlacRow(5), aSlacRow(1), aSlacRow(2), aSlacRow(9), aSlacRow(8)]))
    expect(report).toMatchObject({ imported: 5, outOfOrder: 2 })
    expect((await data.records()).map(({ seq, origin }) => [seq, origin.line])).toEqual([
      [1, 3],
      [2, 4],
      [3, 2],
      [4, 6],
      [5, 5],
    ])
  })

  test('says what it assumed', async () => {
    const report = await anImport().run(aSlacFile([aSlacRow(0, { ttype: '-1' }), aSlacRow(1, { ttype: '-1' })]))
    expect(report.assumed).toEqual([{ assumption: 'direction unknown (ttype -1): taken as disk to tape', rows: 2 }])
  })

  test('tells silences of more than an hour', async () => {
    const report = await anImport().run(aSlacFile([aSlacRow(0), aSlacRow(60), aSlacRow(121), aSlacRow(300)]))
    const end = (n: number): number => 1_541_548_440 + n * 60 + 194
    expect(report.gaps).toEqual([
      { site: 'AMO', from: end(60), to: end(121) },
      { site: 'AMO', from: end(121), to: end(300) },
    ])
  })

  test('takes at most 256 sites, and keeps the rows of others', async () => {
    const many = Array.from({ length: 260 }, (_, i) => aSlacRow(i, { instr: `S${i}` }))
    const data = anImport()
    const report = await data.run(aSlacFile([...many, aSlacRow(300, { instr: 'S0' })]))
    expect(report).toMatchObject({ imported: 257, quarantined: { byReason: { 'too-many-sites': 4 } } })
    expect(report.sites.length).toBe(256)
  })

  test('tells how far it is', async () => {
    const seen: number[] = []
    const data = anImport({ onProgress: ({ bytesRead, totalBytes }) => seen.push(bytesRead / totalBytes) })
    await data.run(aSlacFile(rows(10)))
    expect(seen.at(-1)).toBe(1)
  })
})

describe('importing again', () => {
  test('the same file adds nothing, in the log and in quarantine', async () => {
    const data = anImport()
    const content = aSlacFile([...rows(4), 'nonsense'])
    await data.run(content)
    const report = await data.run(content)
    expect(report).toMatchObject({ read: 5, imported: 0, repeated: 4, outOfOrder: 0, quarantined: { total: 1 } })
    expect(report.sites).toEqual(['AMO'])
    expect((await data.records()).length).toBe(4)
    expect((await data.rejected()).length).toBe(1)
  })

  test('a file that has grown adds the new rows alone', async () => {
    const data = anImport()
    await data.run(aSlacFile(rows(4)))
    expect(await data.run(aSlacFile(rows(6)))).toMatchObject({ imported: 2, repeated: 4 })
    expect((await data.records()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('equal rows of one file are as many transfers, and stay as many', async () => {
    const data = anImport()
    const content = aSlacFile([aSlacRow(0), aSlacRow(0), aSlacRow(0)])
    expect(await data.run(content)).toMatchObject({ imported: 3, repeated: 0 })
    expect(await data.run(content)).toMatchObject({ imported: 0, repeated: 3 })
    const grown = aSlacFile([aSlacRow(0), aSlacRow(0), aSlacRow(0), aSlacRow(0)])
    expect(await data.run(grown)).toMatchObject({ imported: 1, repeated: 3 })
  })

  test('after an import that was interrupted goes on where it stopped', async () => {
    const data = anImport()
    const content = aSlacFile(rows(50))
    await expect(data.run(gzipped(content).subarray(0, 150))).rejects.toThrow(/gzip/)
    const there = (await data.records()).length
    expect(await data.run(content)).toMatchObject({ imported: 50 - there, repeated: there })
    expect((await data.records()).length).toBe(50)
  })
})

describe('files that are not what they should be', () => {
  test.each<[string, string | Buffer, RegExp, RegExp]>([
    ['an empty file', '', /is empty/, /header line/],
    ['only empty lines', '\n\n', /is empty/, /header line/],
    [
      'another layout',
      'time,bytes\n1,2\n',
      /lacks the columns instr, ftype, start, fsz, elap, ttype, fsid/,
      /mapped-csv/,
    ],
    ['one column missing', `${SLAC_HEADER.replace('elap', 'took')}\n`, /lacks the column elap$/, /time|took/],
    ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 10]), /not UTF-8 text/, /gzip/],
    ['no lines at all', 'x'.repeat(200_000), /no header/, /gzip/],
    ['gzip by its magic alone', Buffer.from([0x1f, 0x8b, 0, 0, 0]), /damaged gzip|gzip stream/, /again/],
  ])('%s is refused with the next step', async (_, content, message, hint) => {
    await expect(anImport().run(content)).rejects.toMatchObject({
      code: 'input.unreadable',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
  })

  test('a file that is not there, and a folder', async () => {
    const data = anImport()
    const options = { format: 'slac-csv', volume: data.volume, clock: aClock(), logger: silentLogger }
    await expect(importFile({ ...options, inPath: `${data.folder}/none.csv` })).rejects.toThrow(
      /cannot be read \(ENOENT\)/,
    )
    await expect(importFile({ ...options, inPath: data.folder })).rejects.toThrow(/is a folder/)
  })

  test('only a header is a file without rows', async () => {
    expect(await anImport().run(`${SLAC_HEADER}\n`)).toMatchObject({ read: 0, imported: 0, from: null, to: null })
  })

  test.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['a header in capitals', (text: string) => text.replace(SLAC_HEADER, SLAC_HEADER.toUpperCase())],
    ['no last newline', (text: string) => text.trimEnd()],
    ['gzip', gzipped],
    ['gzip in two members', (text: string) => Buffer.concat([gzipped(text.slice(0, 90)), gzipped(text.slice(90))])],
  ])('%s changes nothing', async (_, change) => {
    const data = anImport()
    expect(await data.run(change(aSlacFile(rows(3))))).toMatchObject({ read: 3, imported: 3 })
  })

  test('gzip that is cut short keeps every whole row before the cut, and says so', async () => {
    const data = anImport()
    const content = aSlacFile(
      Array.from({ length: 5000 }, (_, i) => aSlacRow(i, { fsz: String((i * 7919 ** 2) % 1e9) })),
    )
    const whole = gzipped(content)
    await expect(data.run(whole.subarray(0, whole.length >> 1))).rejects.toMatchObject({
      code: 'input.unreadable',
      message: expect.stringMatching(/ends in the middle of its gzip stream; \d+ rows were read and \d+ imported/),
      hint: expect.stringMatching(/import it: rows that are in the log already are recognised/),
    })
    const records = await data.records()
    expect(records.length).toBeGreaterThan(1000)
    expect(records.map(({ origin }) => origin.line)).toEqual(records.map((_, i) => i + 2))
    // The row that the cut went through may look whole and have a wrong last number.
    expect((await data.rejected()).map(({ reason }) => reason)).toEqual(['cut'])
  })

  test('a line of 10 MB costs itself', async () => {
    const data = anImport()
    const report = await data.run(aSlacFile([aSlacRow(0), 'x'.repeat(10_000_000), aSlacRow(1)]))
    expect(report).toMatchObject({ imported: 2, quarantined: { byReason: { oversized: 1 } } })
  })

  test('a log that a living writer holds is not touched', async () => {
    const data = anImport()
    const writer = await openLogWriter({
      volume: data.volume,
      stream: 'transfers',
      writer: 'AMO',
      codec: transferCodec,
      clock: aClock(),
      logger: silentLogger,
    })
    try {
      await expect(data.run(aSlacFile(rows(2)))).rejects.toMatchObject({ code: 'log.writer_busy' })
    } finally {
      await writer.close()
    }
    expect(await data.records()).toEqual([])
  })
})

describe('a data directory that is full', () => {
  test('stops the import with the next step, and the rest is imported when there is room', async () => {
    const disk = aDiskThatFills()
    const folder = aFolder()
    const volume = createInlineVolume({ root: join(folder, 'data'), calls: disk.calls })
    const inPath = join(folder, 'log.csv')
    writeFileSync(inPath, aSlacFile(rows(40_000)))
    const fill = () => {
      disk.full = true
    }
    const retry = { firstPauseMs: 5, lastPauseMs: 50, closePatienceMs: 300 }
    const options = {
      format: 'slac-csv',
      inPath,
      volume,
      clock: aClock(),
      logger: silentLogger,
      patienceMs: 200,
      retry,
    }
    await expect(importFile({ ...options, onProgress: fill })).rejects.toMatchObject({
      code: 'volume.unavailable',
      hint: expect.stringMatching(/import again/),
    })
    disk.full = false
    const report = await importFile(options)
    expect(report).toMatchObject({ read: 40_000, quarantined: { total: 0 } })
    expect(report.imported + report.repeated).toBe(40_000)
    const seqs = (await recordsOf(volume)).map(({ seq }) => seq).sort((a, b) => a - b)
    expect(seqs).toEqual(Array.from({ length: 40_000 }, (_, i) => i + 1))
  })

  test('from the beginning is an error at once', async () => {
    const disk = aDiskThatFills()
    disk.full = true
    const folder = aFolder()
    const volume = createInlineVolume({ root: join(folder, 'data'), calls: disk.calls })
    const inPath = join(folder, 'log.csv')
    writeFileSync(inPath, aSlacFile(rows(3)))
    const options = { format: 'slac-csv', inPath, volume, clock: aClock(), logger: silentLogger }
    await expect(importFile(options)).rejects.toMatchObject({ code: 'volume.full', hint: expect.any(String) })
  })
})

const sample = sharedData('transfers', 'slac-lcls-sample.csv.gz')
test.skipIf(sample === undefined)(
  `the published sample becomes 19,694 records${sample === undefined ? ' (skipped: the sample is not here, see docs/import.md)' : ''}`,
  async () => {
    const data = anImport()
    const report = await importFile({
      format: 'slac-csv',
      inPath: sample as string,
      volume: data.volume,
      clock: aClock(),
      logger: silentLogger,
    })
    expect(report).toMatchObject({
      read: 20_000,
      imported: 19_694,
      repeated: 0,
      quarantined: { total: 306, byReason: { 'zero-duration': 300, 'sentinel-duration': 6 } },
      sites: ['AMO', 'CXI'],
    })
    expect(report.outOfOrder).toBeGreaterThan(0)
    expect((await data.records()).length).toBe(19_694)
  },
)
