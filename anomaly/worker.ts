import { parentPort, workerData } from 'node:worker_threads'
import { openPipeline, savePipeline } from './scoring.ts'
import type { WorkerData, WorkerReply, WorkerRequest } from './worker-messages.ts'

/** Entry of the scoring thread: a pipeline behind messages, so that refits never stop the event loop of the service. */
const port = parentPort
if (port === null) throw new Error('this file is the entry of a worker thread')

const { pipeline, refusedModel } = openPipeline(workerData as WorkerData)
const send = (reply: WorkerReply): void => port.postMessage(reply)

port.on('message', (request: WorkerRequest) => {
  const { id } = request
  try {
    if (request.type === 'save') {
      send({ type: 'answer', id, value: savePipeline(pipeline, request.knownFit) })
      return
    }
    const start = performance.now()
    const verdicts = pipeline.process(request.records, { maintenance: request.maintenance })
    const seconds = (performance.now() - start) / 1000
    send({ type: 'answer', id, value: { verdicts, facts: pipeline.facts(), seconds } })
  } catch (error) {
    send({ type: 'failure', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})

send({ type: 'ready', facts: pipeline.facts(), ...(refusedModel === undefined ? {} : { refusedModel }) })
