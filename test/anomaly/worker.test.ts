import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DEFAULT_K } from '../../anomaly/threshold.ts'
import type { WorkerData, WorkerReply } from '../../anomaly/worker-messages.ts'
import { workerEntry } from '../../lib/worker-entry.ts'
import { transferStream } from '../support/transfer-stream.ts'

const workerData: WorkerData = { engine: 'strict', seed: 1, k: DEFAULT_K }
const entry = workerEntry(new URL('../../anomaly/host.ts', import.meta.url).href, './worker.ts')

function aWorker(): { send: (request: unknown) => void; next: () => Promise<WorkerReply> } {
  const worker = new Worker(entry, { workerData })
  onTestFinished(async () => {
    await worker.terminate()
  })
  const replies: WorkerReply[] = []
  const waiting: ((reply: WorkerReply) => void)[] = []
  worker.on('message', (reply: WorkerReply) => {
    const next = waiting.shift()
    if (next === undefined) replies.push(reply)
    else next(reply)
  })
  const next = async (): Promise<WorkerReply> => replies.shift() ?? new Promise((resolve) => waiting.push(resolve))
  return { send: (request) => worker.postMessage(request), next }
}

describe('the entry of the scoring thread', () => {
  test('says that it is ready before anything is asked', async () => {
    expect(await aWorker().next()).toMatchObject({ type: 'ready', facts: { counts: { records: 0 } } })
  })

  test('answers every request under its number, in order', async () => {
    const { send, next } = aWorker()
    await next()
    send({ id: 7, type: 'process', records: transferStream({ records: 300 }), maintenance: [] })
    send({ id: 8, type: 'save', knownFit: 0 })
    expect(await next()).toMatchObject({ type: 'answer', id: 7, value: { facts: { counts: { records: 300 } } } })
    expect(await next()).toMatchObject({ type: 'answer', id: 8, value: { model: { fit: 1 } } })
  })

  test('a request that fails is answered with the failure, and the next one is served', async () => {
    const { send, next } = aWorker()
    await next()
    send({ id: 1, type: 'process', records: [null], maintenance: [] })
    send({ id: 2, type: 'process', records: [], maintenance: [] })
    expect(await next()).toMatchObject({ type: 'failure', id: 1, message: expect.stringContaining('TypeError') })
    expect(await next()).toMatchObject({ type: 'answer', id: 2 })
  })
})

test('its entry is refused outside a thread', async () => {
  await expect(import('../../anomaly/worker.ts')).rejects.toThrow('entry of a worker thread')
})
