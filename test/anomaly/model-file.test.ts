import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { strictEngine } from '../../anomaly/forest.ts'
import { npmEngine } from '../../anomaly/forest-npm.ts'
import { FEATURES } from '../../anomaly/measurement.ts'
import { createModel, type Model } from '../../anomaly/model.ts'
import { decodeModel, encodeModel, MODEL_FORMAT } from '../../anomaly/model-file.ts'
import { aCloud } from '../contracts/forest.contract.ts'

const facts = { fit: 12, seed: 34, trainedFrom: 1_696_118_400, trainedTo: 1_696_161_600.25 }
const window = aCloud(2000, FEATURES)
const model = createModel(strictEngine.fit(window, 34), window, facts)
const file = encode(model)

function encode(one: Model): Buffer {
  const bytes = encodeModel(one)
  if (bytes === undefined) throw new Error('this model cannot be saved')
  return bytes
}

function refusalOf(bytes: Uint8Array): string {
  const result = decodeModel(bytes)
  return 'refused' in result ? result.refused : 'accepted'
}

/** The same file with something else in it, and a checksum that is right again. */
function altered(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(file)
  change(bytes)
  return signed(bytes)
}

function signed(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

/** With `from` in the header replaced by a text of the same length. */
function withHeader(from: string, to: string): Buffer {
  return altered((bytes) => {
    const place = bytes.indexOf(from)
    if (place < 0 || from.length !== to.length) throw new Error(`cannot put ${to} in the place of ${from}`)
    bytes.write(to, place, 'latin1')
  })
}

describe('a model file', () => {
  test('comes back as the same model, which scores bit for bit as before', () => {
    const result = decodeModel(file)
    if (!('model' in result)) throw new Error(result.refused)
    expect(result.model).toMatchObject({ ...facts, rows: 2000, threshold: model.threshold, levels: model.levels })
    expect(result.model.reference).toEqual(model.reference)
    expect(result.model.forest.scoreAll(window)).toEqual(model.forest.scoreAll(window))
  })

  test('is the same file again', () => {
    const result = decodeModel(file)
    if (!('model' in result)) throw new Error(result.refused)
    expect(encode(result.model).equals(file)).toBe(true)
  })

  test('takes at most 0.6 MB', () => {
    expect(file.length).toBeLessThanOrEqual(600_000)
  })

  test('is read from any place in memory', () => {
    const moved = new Uint8Array(file.length + 1)
    moved.set(file, 1)
    expect(refusalOf(moved.subarray(1))).toBe('accepted')
  })

  test.each([
    ['no bytes at all', () => Buffer.alloc(0), 'foreign'],
    ['another file', () => Buffer.from('{"v":1}\n'.repeat(100)), 'foreign'],
    ['a newer format', () => altered((bytes) => bytes.writeUInt32LE(MODEL_FORMAT + 1, 8)), 'version'],
    ['only its beginning', () => file.subarray(0, 19), 'cut'],
    ['a file cut in its header', () => file.subarray(0, 60), 'cut'],
    ['a file cut in its middle', () => file.subarray(0, file.length >> 1), 'cut'],
    ['a file without its last byte', () => file.subarray(0, -1), 'cut'],
    ['a file with a byte too much', () => Buffer.concat([file, Buffer.alloc(1)]), 'cut'],
    ['a header length beyond the end', () => altered((bytes) => bytes.writeUInt32LE(0xffff_ffff, 12)), 'cut'],
    ['another list of features', () => withHeader('"queue"', '"quota"'), 'features'],
    ['another transform of the features', () => withHeader('limit-12', 'limit-10'), 'features'],
    ['a header that is no JSON', () => withHeader('{"engine"', '["engine"'), 'header'],
    ['another engine', () => withHeader('"strict"', '"oblate"'), 'header'],
    ['a number that is none', () => withHeader('"fit":12', '"fit":1e'), 'header'],
    ['another number of columns than of features', () => withHeader('"columns":10', '"columns":11'), 'header'],
    [
      'a node that splits on a feature that is not there',
      () => altered((bytes) => bytes.writeUInt8(200, 4000)),
      'header',
    ],
  ])('%s is refused', (_what, make, reason) => {
    expect(refusalOf(make())).toBe(reason)
  })

  test('a flipped bit anywhere is refused and never throws', () => {
    for (let place = 0; place < file.length; place += 997) {
      const bytes = Buffer.from(file)
      bytes.writeUInt8(bytes.readUInt8(place) ^ 4, place)
      expect(refusalOf(bytes)).not.toBe('accepted')
    }
  })

  test('any cut is refused and never throws', () => {
    for (let length = 0; length < file.length; length += 1993)
      expect(refusalOf(file.subarray(0, length))).not.toBe('accepted')
  })

  test('does not exist for a forest that cannot be saved', () => {
    const small = aCloud(60, FEATURES)
    expect(encodeModel(createModel(npmEngine.fit(small, 1), small, facts))).toBeUndefined()
  })
})
