import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { DtmsError, describeSystemError } from '../../lib/errors.ts'

export interface Input {
  /** Bytes of the file on disk, for progress. */
  totalBytes: number
  /** Bytes of the file on disk that were read so far. */
  readonly bytesRead: number
  compressed: boolean
  /** Decompressed bytes. Throws DtmsError `input.unreadable` at the place where a file cannot be read on. */
  chunks(): AsyncGenerator<Buffer>
}

const CHUNK_BYTES = 256 * 1024

/** Compressed bytes taken at a time: what they unpack to is held at once, and that can be a thousand times as much. */
const COMPRESSED_CHUNK_BYTES = 16 * 1024

/** Opens a file to be read once from its beginning; gzip is told by its first two bytes, not by its name. */
export async function openInput(path: string): Promise<Input> {
  let totalBytes: number
  let compressed: boolean
  try {
    const file = await open(path, 'r')
    try {
      const stats = await file.stat()
      if (stats.isDirectory()) throw unreadable(path, 'is a folder', 'name one file')
      totalBytes = stats.size
      const magic = Buffer.alloc(2)
      const { bytesRead } = await file.read(magic, 0, 2, 0)
      compressed = bytesRead === 2 && magic[0] === 0x1f && magic[1] === 0x8b
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof DtmsError ? error : cannotRead(path, error)
  }
  let stream: ReadStream | undefined
  return {
    totalBytes,
    compressed,
    get bytesRead() {
      return stream?.bytesRead ?? 0
    },
    async *chunks() {
      stream = createReadStream(path, { highWaterMark: compressed ? COMPRESSED_CHUNK_BYTES : CHUNK_BYTES })
      try {
        if (compressed) yield* gunzip(stream, path)
        else for await (const chunk of stream) yield chunk as Buffer
      } catch (error) {
        throw error instanceof DtmsError ? error : cannotRead(path, error)
      } finally {
        stream.destroy()
      }
    },
  }
}

/**
 * Decompresses chunk by chunk and waits for each, so that everything before a fault is delivered: a stream that fails
 * throws away what it holds.
 */
async function* gunzip(source: AsyncIterable<unknown>, path: string): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: CHUNK_BYTES })
  const ready: Buffer[] = []
  let failure: Error | undefined
  stream.on('data', (chunk: Buffer) => ready.push(chunk))
  const over = new Promise<void>((resolve) => {
    stream.on('end', resolve)
    stream.on('error', (error) => {
      failure ??= error
      resolve()
    })
  })
  try {
    for await (const chunk of source) {
      // A write that fails is never called back.
      await Promise.race([new Promise<void>((resolve) => stream.write(chunk, () => resolve())), over])
      yield* ready.splice(0)
      if (failure !== undefined) break
    }
    if (failure === undefined) {
      stream.end()
      await over
      yield* ready.splice(0)
    }
  } finally {
    stream.destroy()
  }
  if (failure !== undefined) throw brokenGzip(path, failure)
}

function brokenGzip(path: string, error: Error): DtmsError {
  const cut = error.message === 'unexpected end of file'
  const what = cut ? 'ends in the middle of its gzip stream' : `has a damaged gzip stream (${error.message})`
  return unreadable(path, what, 'fetch the file again and import it: rows that are in the log already are recognised', {
    cause: error,
  })
}

function cannotRead(path: string, error: unknown): DtmsError {
  return unreadable(
    path,
    `cannot be read (${describeSystemError(error)})`,
    'check the path and the rights of the file',
    {
      cause: error,
    },
  )
}

export function unreadable(path: string, what: string, hint: string, options: { cause?: unknown } = {}): DtmsError {
  return new DtmsError('input.unreadable', `${path} ${what}`, { hint, ...options })
}
