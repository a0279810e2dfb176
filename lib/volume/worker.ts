import { parentPort, workerData } from 'node:worker_threads'
import { systemCalls, type VolumeCalls } from './calls.ts'
import { Disk } from './disk.ts'
import { realRoot } from './inline.ts'
import { type Request, type Response, toPlainError, type WorkerData } from './messages.ts'

/** The thread in which volume calls may block. It ends itself when it comes back and has been given up meanwhile. */
const data = workerData as WorkerData
const flag = new Int32Array(data.abandoned)
const isAbandoned = () => Atomics.load(flag, 0) === 1
const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread only')

const calls = await loadCalls()
let disk: Disk | undefined

port.on('message', (request: Request) => {
  if (isAbandoned()) end()
  let response: Response
  try {
    disk ??= new Disk({ root: realRoot(data.root), calls, isAbandoned })
    response = { id: request.id, value: perform(disk, request) }
  } catch (error) {
    response = { id: request.id, error: toPlainError(error) }
  }
  if (isAbandoned()) end()
  port?.postMessage(response, transferables(response))
})

function perform(target: Disk, request: Request): unknown {
  switch (request.operation) {
    case 'list':
      return target.list(...request.args)
    case 'read':
      return target.read(...request.args)
    case 'look':
      return target.look(...request.args)
    case 'size':
      return target.size(...request.args)
    case 'createExclusive':
      return target.createExclusive(...request.args)
    case 'replace':
      return target.replace(...request.args)
    case 'openSegment':
      return target.openSegment(...request.args)
    case 'append':
      return target.append(...request.args)
    case 'closeSegment':
      return target.closeSegment(...request.args)
    case 'remove':
      return target.remove(...request.args)
    case 'capacity':
      return target.capacity()
    case 'closeAll':
      return target.closeAll()
  }
}

/** Bytes that were read own their memory and move to the caller instead of being copied. */
function transferables(response: Response): ArrayBuffer[] {
  const value = 'value' in response ? response.value : undefined
  const bytes = value instanceof Uint8Array ? value : hasBytes(value) ? value.bytes : undefined
  return bytes === undefined || bytes.byteLength === 0 ? [] : [bytes.buffer as ArrayBuffer]
}

function hasBytes(value: unknown): value is { bytes: Uint8Array } {
  return typeof value === 'object' && value !== null && 'bytes' in value && value.bytes instanceof Uint8Array
}

function end(): never {
  disk?.closeAll()
  process.exit(0)
}

async function loadCalls(): Promise<VolumeCalls> {
  if (data.callsModule === undefined) return systemCalls
  const module: { createCalls(callsData: unknown): VolumeCalls } = await import(data.callsModule)
  return module.createCalls(data.callsData)
}
