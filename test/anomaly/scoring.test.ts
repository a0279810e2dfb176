import { describe, expect, test } from 'vitest'
import { openPipeline, savePipeline } from '../../anomaly/scoring.ts'
import { DEFAULT_K } from '../../anomaly/threshold.ts'
import type { WorkerData } from '../../anomaly/worker-messages.ts'
import { slowedRecord, transferStream } from '../support/transfer-stream.ts'

const data: WorkerData = { engine: 'strict', seed: 1, k: DEFAULT_K }
/** The last quarter is slow throughout, so that there are verdicts to compare. */
const stream = transferStream({ records: 1400, change: (record, n) => (n > 1100 ? slowedRecord(record, 10) : record) })
const quiet = { maintenance: [] }

describe('a pipeline as bytes', () => {
  test('goes on with its model as if nothing had happened', () => {
    const { pipeline } = openPipeline(data)
    pipeline.process(stream.slice(0, 1000), quiet)
    const { state, model } = savePipeline(pipeline, 0)
    const restored = openPipeline({ ...data, state, ...(model === undefined ? {} : { model: model.bytes }) })
    expect(restored.refusedModel).toBeUndefined()
    const verdicts = pipeline.process(stream.slice(1000), quiet)
    expect(verdicts.length).toBeGreaterThan(0)
    expect(restored.pipeline.process(stream.slice(1000), quiet)).toEqual(verdicts)
  })

  test('does not carry a model that its keeper already has, nor one that is not there yet', () => {
    const { pipeline } = openPipeline(data)
    expect(savePipeline(pipeline, 0).model).toBeUndefined()
    pipeline.process(stream.slice(0, 1000), quiet)
    const fit = pipeline.model?.fit ?? 0
    expect(savePipeline(pipeline, fit - 1).model?.fit).toBe(fit)
    expect(savePipeline(pipeline, fit).model).toBeUndefined()
  })

  test('with a model file that is refused says why and fits the saved window', () => {
    const { pipeline } = openPipeline(data)
    pipeline.process(stream.slice(0, 1000), quiet)
    const { state } = savePipeline(pipeline, 0)
    const restored = openPipeline({ ...data, state, model: Buffer.from('not a model') })
    expect(restored.refusedModel).toBe('foreign')
    expect(restored.pipeline.model?.rows).toBe(pipeline.facts().windowRows)
  })

  test('goes on under another engine: the window stays, the forest is fitted anew', () => {
    const { pipeline } = openPipeline(data)
    pipeline.process(stream.slice(0, 600), quiet)
    const { state, model } = savePipeline(pipeline, 0)
    const bytes = model === undefined ? {} : { model: model.bytes }
    const restored = openPipeline({ ...data, engine: 'ml-isolation-forest', state, ...bytes })
    expect(restored.pipeline.model?.engine).toBe('ml-isolation-forest')
    expect(restored.refusedModel).toBeUndefined()
    expect(savePipeline(restored.pipeline, 0).model).toBeUndefined()
  })
})
