import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { workerEntry } from '../../../lib/worker-entry.ts'
import { aFolder, eventually } from '../../support/builders.ts'

function aWorker(root: string) {
  const abandoned = new Int32Array(new SharedArrayBuffer(4))
  const entry = workerEntry(import.meta.url.replace('/test/', '/'), './worker.ts')
  const worker = new Worker(entry, { workerData: { root, abandoned: abandoned.buffer } })
  const answers: unknown[] = []
  let exited = false
  worker.on('message', (answer) => answers.push(answer))
  worker.on('exit', () => {
    exited = true
  })
  onTestFinished(async () => void (await worker.terminate()))
  return { worker, abandoned, answers, ended: () => exited }
}

describe('the volume worker', () => {
  it('answers each request by its id, with a value or an error', async () => {
    const root = aFolder()
    writeFileSync(join(root, 'f'), 'abc')
    const { worker, answers } = aWorker(root)
    worker.postMessage({ id: 1, operation: 'size', args: ['f'] })
    worker.postMessage({ id: 2, operation: 'size', args: ['..'] })
    await eventually(() => answers.length === 2)
    expect(answers).toMatchObject([
      { id: 1, value: 3 },
      { id: 2, error: { code: 'volume.path' } },
    ])
  })

  it('answers nothing and ends itself once it was given up', async () => {
    const { worker, abandoned, answers, ended } = aWorker(aFolder())
    Atomics.store(abandoned, 0, 1)
    worker.postMessage({ id: 1, operation: 'createExclusive', args: ['f', Buffer.from('x')] })
    await eventually(ended)
    expect(answers).toEqual([])
  })
})
