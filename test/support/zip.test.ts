import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { extractZipEntry } from './zip.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dtms-zip-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const TEXT = 'a tool '.repeat(1000)

describe('one entry of a zip file', () => {
  test.each([
    ['stored', 'bin/stored', TEXT],
    ['deflated', 'bin/deflated', TEXT],
    ['empty', 'empty', ''],
  ])('comes out as it went in when it is %s', (_, name, text) => {
    const zip = join(folder, 'a.zip')
    writeFileSync(
      zip,
      aZip([entry('bin/deflated', TEXT, 8), entry('empty', '', 0), entry('bin/stored', TEXT, 0)], 'note'),
    )
    extractZipEntry(zip, name, join(folder, 'out'), 0o755)
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(text)
    expect(statSync(join(folder, 'out')).mode & 0o777).toBe(0o755)
  })

  test('that is not there is named, with the file', () => {
    const zip = join(folder, 'a.zip')
    writeFileSync(zip, aZip([entry('bin/stored', TEXT, 0)], ''))
    expect(() => extractZipEntry(zip, 'bin/other', join(folder, 'out'), 0o755)).toThrow('a.zip has no entry bin/other')
  })

  test.each([
    ['', 'nothing'],
    [TEXT, 'text'],
  ])('is not looked for in a file without a directory', (content) => {
    const zip = join(folder, 'a.zip')
    writeFileSync(zip, content)
    expect(() => extractZipEntry(zip, 'x', join(folder, 'out'), 0o644)).toThrow('not a zip file')
  })
})

interface Packed {
  name: Buffer
  data: Buffer
  head: Buffer
}

/** Version, flags, method, time, date, CRC, both sizes, length of the name: alike in the local header and the directory. */
function entry(name: string, text: string, method: 0 | 8): Packed {
  const data = method === 0 ? Buffer.from(text) : deflateRawSync(text)
  const head = Buffer.alloc(24)
  head.writeUInt16LE(20, 0)
  head.writeUInt16LE(method, 4)
  head.writeUInt32LE(crc32(text), 10)
  head.writeUInt32LE(data.length, 14)
  head.writeUInt32LE(text.length, 18)
  head.writeUInt16LE(name.length, 22)
  return { name: Buffer.from(name), data, head }
}

function aZip(entries: readonly Packed[], comment: string): Buffer {
  const locals: Buffer[] = []
  const list: Buffer[] = []
  let at = 0
  for (const { name, data, head } of entries) {
    // An extra field only here, as tools write it: the data begins where the local header says, not the directory.
    const extra = Buffer.from([1, 2, 0, 0])
    const local = Buffer.concat([u32(0x04034b50), head, u16(extra.length), name, extra, data])
    locals.push(local)
    list.push(Buffer.concat([u32(0x02014b50), u16(20), head, u16(0), u16(0), u16(0), u16(0), u32(0), u32(at), name]))
    at += local.length
  }
  const directory = Buffer.concat(list)
  const counts = Buffer.concat([u16(0), u16(0), u16(entries.length), u16(entries.length)])
  const end = Buffer.concat([u32(0x06054b50), counts, u32(directory.length), u32(at), u16(comment.length)])
  return Buffer.concat([...locals, directory, end, Buffer.from(comment)])
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeUInt16LE(value)
  return buffer
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
