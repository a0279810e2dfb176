import { crc32 } from 'node:zlib'
import { TREES } from './engine.ts'
import { MAX_COLUMNS, nodesOf, StrictForest, type StrictTrees } from './forest.ts'
import { featureNames } from './measurement.ts'
import { assembleModel, type Model } from './model.ts'
import { SCORE_BINS, ScoreHistogram } from './score-histogram.ts'

/**
 * One model in one file, little-endian:
 *
 *   "DTMSMODL" · u32 format version · u32 header bytes · header (JSON, padded with spaces to a multiple of 4)
 *   · u8 feature of each node, padded to 4 · f32 threshold of each node · f32 value of each node · u32 reference bins
 *   · u32 CRC-32 of everything before
 *
 * The header names the features in their order: a model of another feature list must not score.
 */
const MAGIC = Buffer.from('DTMSMODL', 'latin1')
export const MODEL_FORMAT = 1

interface Header {
  engine: 'strict'
  features: readonly string[]
  /** Features are robust z of that link, limited to 12 standard deviations, cut off on the harmless side. */
  transform: string
  fit: number
  seed: number
  trainedFrom: number
  trainedTo: number
  rows: number
  columns: number
  trees: number
  height: number
  sampleSize: number
}

export const TRANSFORM = 'robust-z-per-link/limit-12/harmless-0.7/context-1'

/** Undefined for an engine whose forests cannot be saved: it is fitted again from the saved window. */
export function encodeModel(model: Model): Buffer | undefined {
  const { forest } = model
  if (!(forest instanceof StrictForest)) return undefined
  const { feature, threshold, value, columns, trees, height, sampleSize } = forest.trees
  const { fit, seed, trainedFrom, trainedTo, rows } = model
  const header: Header = {
    engine: 'strict',
    features: featureNames,
    transform: TRANSFORM,
    ...{ fit, seed, trainedFrom, trainedTo, rows, columns, trees, height, sampleSize },
  }
  const text = JSON.stringify(header)
  const head = Buffer.from(text.padEnd(roundUp(Buffer.byteLength(text))), 'utf8')
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32LE(MODEL_FORMAT, 0)
  lengths.writeUInt32LE(head.length, 4)
  const padding = Buffer.alloc(roundUp(feature.length) - feature.length)
  const parts = [MAGIC, lengths, head, bytesOf(feature), padding, bytesOf(threshold), bytesOf(value)]
  const body = Buffer.concat([...parts, bytesOf(model.reference.counts)])
  const trailer = Buffer.alloc(4)
  trailer.writeUInt32LE(crc32(body))
  return Buffer.concat([body, trailer])
}

/** Why a file is not used, in words for a log line. */
export type ModelRefusal = 'foreign' | 'version' | 'cut' | 'checksum' | 'features' | 'header'

export function decodeModel(bytes: Uint8Array, k?: number): { model: Model } | { refused: ModelRefusal } {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.length < MAGIC.length || !file.subarray(0, MAGIC.length).equals(MAGIC)) return { refused: 'foreign' }
  if (file.length < 20) return { refused: 'cut' }
  if (file.readUInt32LE(8) !== MODEL_FORMAT) return { refused: 'version' }
  const headerEnd = 16 + file.readUInt32LE(12)
  if (headerEnd > file.length) return { refused: 'cut' }
  const header = parseHeader(file.toString('utf8', 16, headerEnd))
  if (header === undefined) return { refused: isIntact(file) ? 'header' : 'checksum' }
  const nodes = header.trees * nodesOf(header.height)
  if (file.length !== headerEnd + roundUp(nodes) + 8 * nodes + 4 * SCORE_BINS + 4) return { refused: 'cut' }
  if (!isIntact(file)) return { refused: 'checksum' }
  if (header.transform !== TRANSFORM || header.features.join() !== featureNames.join()) return { refused: 'features' }

  let place = headerEnd
  const take = (length: number): ArrayBuffer => {
    const part = Uint8Array.from(file.subarray(place, place + length))
    place += length
    return part.buffer
  }
  const { columns, trees, height, sampleSize } = header
  const feature = new Uint8Array(take(nodes))
  place = headerEnd + roundUp(nodes)
  const arrays: StrictTrees = {
    ...{ columns, trees, height, sampleSize, feature },
    threshold: new Float32Array(take(4 * nodes)),
    value: new Float32Array(take(4 * nodes)),
  }
  if (feature.some((column) => column >= columns)) return { refused: 'header' }
  const reference = new ScoreHistogram(new Uint32Array(take(4 * SCORE_BINS)))
  return { model: assembleModel(new StrictForest(arrays), reference, header, header.rows, k) }
}

function parseHeader(text: string): Header | undefined {
  let header: Partial<Header> | null
  try {
    header = JSON.parse(text)
  } catch {
    return undefined
  }
  if (header === null || typeof header !== 'object' || !Array.isArray(header.features)) return undefined
  const { columns = 0, trees, height = -1, sampleSize = 0, engine } = header
  const whole = [header.fit, header.seed, header.rows, columns, trees, height, sampleSize].every(Number.isSafeInteger)
  if (!whole || ![header.trainedFrom, header.trainedTo].every(Number.isFinite)) return undefined
  const fits =
    columns === header.features.length && columns < MAX_COLUMNS && trees === TREES && height >= 0 && height <= 16
  return engine === 'strict' && fits && sampleSize >= 2 ? (header as Header) : undefined
}

function isIntact(file: Buffer): boolean {
  return crc32(file.subarray(0, -4)) === file.readUInt32LE(file.length - 4)
}

function bytesOf(array: Uint8Array | Float32Array | Uint32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}

function roundUp(length: number): number {
  return Math.ceil(length / 4) * 4
}
