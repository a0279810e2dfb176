import { crc32 } from 'node:zlib'
import { DtmsError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { checksumMatches, closeLine, hasTrailer } from '../record/crc.ts'
import type { Volume } from '../volume/volume.ts'
import type { Checkpoint, Position, Positions } from './log.ts'
import { isSegment } from './segments.ts'

export interface CheckpointOptions<State> {
  volume: Volume
  service: string
  reader: string
  /** Version of the state. A file with a higher one is refused; a lower one is handed to `decode`. */
  version: number
  logger: Logger
  /** JSON when absent. */
  encode?: (state: State) => Uint8Array
  decode?: (bytes: Buffer, version: number) => State
}

export interface CheckpointFile<State> {
  /**
   * What was saved last; undefined when nothing usable is there, which means: from the beginning of the log.
   * @throws DtmsError `checkpoint.invalid` for a file of a newer version or of another reader
   */
  load(): Promise<Checkpoint<State> | undefined>
  save(checkpoint: Checkpoint<State>): Promise<void>
  readonly stats: CheckpointStats
}

export interface CheckpointStats {
  saves: number
  /** Files that were empty, cut or damaged when loading. */
  damaged: number
}

const FORMAT_VERSION = 1
const PREVIOUS = '.previous'
/** Positions of a thousand writers fit easily. */
const MAX_HEADER_BYTES = 1024 * 1024
const MAX_STATE_BYTES = 256 * 1024 * 1024

interface Header {
  v: number
  service: string
  reader: string
  version: number
  positions: Map<string, Positions>
  stateBytes: number
  stateCrc: number
}

/** One reader's place and state in one file (docs/log-store.md, "Checkpoints"). Opens nothing. */
export function openCheckpoint<State>(options: CheckpointOptions<State>): CheckpointFile<State> {
  const { volume, service, reader, version, logger } = options
  const encode = options.encode ?? ((state: State) => Buffer.from(JSON.stringify(state)))
  const decode = options.decode ?? ((bytes: Buffer) => JSON.parse(bytes.toString('utf8')) as State)
  const path = checkpointPath(service, reader)
  const stats: CheckpointStats = { saves: 0, damaged: 0 }

  async function loadFrom(file: string): Promise<Checkpoint<State> | { problem: string } | undefined> {
    const bytes = await volume.read(file, 0, MAX_HEADER_BYTES + MAX_STATE_BYTES)
    if (bytes === undefined) return undefined
    const end = bytes.indexOf(0x0a)
    const header = parseHeader(end < 0 ? bytes : bytes.subarray(0, end))
    if (header === undefined) return { problem: bytes.length === 0 ? 'empty' : 'damaged header' }
    refuseForeign(header, { file, service, reader, version })
    const state = bytes.subarray(end + 1)
    if (state.length !== header.stateBytes) return { problem: 'cut' }
    if (crc32(state) !== header.stateCrc) return { problem: 'checksum of the state' }
    return { positions: header.positions, state: decode(state, header.version) }
  }

  return {
    stats,
    async load() {
      let problems = 0
      for (const file of [path, `${path}${PREVIOUS}`]) {
        const loaded = await loadFrom(file)
        if (loaded === undefined) continue
        if (!('problem' in loaded)) {
          if (problems > 0) logger.warn('going on from the previous checkpoint', { checkpoint: file })
          return loaded
        }
        problems += 1
        stats.damaged += 1
        logger.warn('checkpoint cannot be used', { checkpoint: file, reason: loaded.problem })
      }
      if (problems > 0) logger.warn('starting from the beginning of the log', { checkpoint: path })
      return undefined
    },
    async save({ positions, state }) {
      const bytes = encode(state)
      const header = serialiseHeader({
        v: FORMAT_VERSION,
        service,
        reader,
        version,
        positions,
        stateBytes: bytes.length,
        stateCrc: crc32(bytes),
      })
      await volume.replace(path, Buffer.concat([Buffer.from(header), bytes]), `${path}${PREVIOUS}`)
      stats.saves += 1
    },
  }
}

/**
 * Where each registered reader of a stream is in one writer's folder: the least of its two generations, because it may
 * have to fall back. Undefined for a reader that has not reached that writer yet.
 */
export async function registeredPositions(
  volume: Volume,
  stream: string,
  writer: string,
): Promise<(Position | undefined)[]> {
  const positions: (Position | undefined)[] = []
  for (const service of (await volume.list('checkpoints')) ?? []) {
    for (const name of (await volume.list(`checkpoints/${service}`)) ?? []) {
      const bytes = await volume.read(`checkpoints/${service}/${name}`, 0, MAX_HEADER_BYTES)
      const end = bytes?.indexOf(0x0a) ?? -1
      const header = bytes === undefined || end < 0 ? undefined : parseHeader(bytes.subarray(0, end))
      const streamPositions = header?.positions.get(stream)
      if (streamPositions !== undefined) positions.push(streamPositions.get(writer))
    }
  }
  return positions
}

function checkpointPath(service: string, reader: string): string {
  return `checkpoints/${service}/${reader}`
}

function refuseForeign(
  header: Header,
  expected: { file: string; service: string; reader: string; version: number },
): void {
  const { file, service, reader, version } = expected
  const hint = `move ${file} away to let ${service} read the log from its beginning, or start the release that wrote it`
  if (header.v > FORMAT_VERSION || header.version > version) {
    const found = header.v > FORMAT_VERSION ? header.v : header.version
    throw new DtmsError('checkpoint.invalid', `${file} was written by a newer release (version ${found})`, { hint })
  }
  if (header.service !== service || header.reader !== reader) {
    throw new DtmsError('checkpoint.invalid', `${file} belongs to ${header.service}/${header.reader}`, { hint })
  }
}

function serialiseHeader(header: Header): string {
  const positions = Object.fromEntries(
    [...header.positions].map(([stream, writers]) => [stream, Object.fromEntries(writers)]),
  )
  return closeLine(JSON.stringify({ ...header, positions }).slice(0, -1))
}

function parseHeader(line: Buffer): Header | undefined {
  if (!hasTrailer(line) || !checksumMatches(line)) return undefined
  try {
    const { v, service, reader, version, positions, stateBytes, stateCrc } = JSON.parse(line.toString('utf8'))
    const numbers: unknown[] = [v, version, stateBytes, stateCrc]
    if (!numbers.every(Number.isSafeInteger) || typeof service !== 'string' || typeof reader !== 'string') {
      return undefined
    }
    return { v, service, reader, version, positions: parsePositions(positions), stateBytes, stateCrc }
  } catch {
    return undefined
  }
}

function parsePositions(streams: Record<string, Record<string, Position>>): Map<string, Positions> {
  const parsed = new Map<string, Positions>()
  for (const [stream, writers] of Object.entries(streams)) {
    const positions: Positions = new Map()
    for (const [writer, { segment, offset, seq }] of Object.entries(writers)) {
      if (isSegment(segment) && Number.isSafeInteger(offset) && Number.isSafeInteger(seq)) {
        positions.set(writer, { segment, offset, seq })
      }
    }
    parsed.set(stream, positions)
  }
  return parsed
}
