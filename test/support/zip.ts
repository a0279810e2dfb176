import { closeSync, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const END_LENGTH = 22

/**
 * Writes one entry of a zip file to `target`: the tools that the tests fetch come in zip files, and not every machine
 * has an unzip. Format: APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16; entries stored or deflated, without zip64.
 */
export function extractZipEntry(zip: string, name: string, target: string, mode: number): void {
  const file = openSync(zip, 'r')
  try {
    const entry = directory(file, statSync(zip).size).get(name)
    if (entry === undefined) throw new Error(`${zip} has no entry ${name}`)
    // The local header repeats name and extra field, and the extra field may be longer than in the directory.
    const header = read(file, entry.at, 30)
    const data = entry.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
    const packed = read(file, data, entry.packed)
    writeFileSync(target, entry.method === 0 ? packed : inflateRawSync(packed), { mode })
  } finally {
    closeSync(file)
  }
}

interface Entry {
  at: number
  packed: number
  method: number
}

function directory(file: number, size: number): Map<string, Entry> {
  const tail = read(file, Math.max(0, size - 65_557), Math.min(size, 65_557))
  let end = tail.length - END_LENGTH
  while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--
  if (end < 0) throw new Error('not a zip file: the end of its directory is missing')
  const list = read(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
  const entries = new Map<string, Entry>()
  for (let at = 0; at + 46 <= list.length; ) {
    const nameLength = list.readUInt16LE(at + 28)
    const name = list.toString('utf8', at + 46, at + 46 + nameLength)
    entries.set(name, {
      at: list.readUInt32LE(at + 42),
      packed: list.readUInt32LE(at + 20),
      method: list.readUInt16LE(at + 10),
    })
    at += 46 + nameLength + list.readUInt16LE(at + 30) + list.readUInt16LE(at + 32)
  }
  return entries
}

function read(file: number, at: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  const got = readSync(file, buffer, 0, length, at)
  return buffer.subarray(0, got)
}
