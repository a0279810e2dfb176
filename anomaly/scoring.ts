import { decodeState, encodeState } from '../lib/state-bytes.ts'
import { engines } from './engines.ts'
import { decodeModel, encodeModel, type ModelRefusal } from './model-file.ts'
import { DetectionPipeline, type PipelineState } from './pipeline.ts'
import type { Saved, WorkerData } from './worker-messages.ts'

/** A pipeline from bytes, and the reason when the model among them was not used. */
export function openPipeline(data: WorkerData): { pipeline: DetectionPipeline; refusedModel?: ModelRefusal } {
  const options = { engine: engines[data.engine], seed: data.seed, k: data.k }
  if (data.state === undefined) return { pipeline: new DetectionPipeline(options) }
  const decoded = data.model === undefined || data.engine !== 'strict' ? undefined : decodeModel(data.model, data.k)
  const model = decoded !== undefined && 'model' in decoded ? decoded.model : undefined
  const pipeline = DetectionPipeline.restore(options, decodeState<PipelineState>(data.state), model)
  return { pipeline, ...(decoded !== undefined && 'refused' in decoded ? { refusedModel: decoded.refused } : {}) }
}

export function savePipeline(pipeline: DetectionPipeline, knownFit: number): Saved {
  const { model } = pipeline
  const bytes = model === undefined || model.fit === knownFit ? undefined : encodeModel(model)
  return {
    state: encodeState(pipeline.save()),
    ...(bytes === undefined || model === undefined ? {} : { model: { fit: model.fit, bytes } }),
  }
}
