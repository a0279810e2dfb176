import type { TransferRecord } from '../lib/record/record.ts'
import type { EngineName } from './engine.ts'
import type { ModelRefusal } from './model-file.ts'
import type { MaintenanceWindow, PipelineFacts } from './pipeline.ts'
import type { Verdict } from './verdicts.ts'

/** What the scoring worker begins with. */
export interface WorkerData {
  engine: EngineName
  seed: number
  k: number
  state?: Uint8Array
  model?: Uint8Array
}

export type WorkerRequest =
  | { id: number; type: 'process'; records: readonly TransferRecord[]; maintenance: readonly MaintenanceWindow[] }
  /** `knownFit`: the fit whose model file the caller already has. */
  | { id: number; type: 'save'; knownFit: number }

export interface Processed {
  verdicts: Verdict[]
  facts: PipelineFacts
  /** Time that the worker spent on it. */
  seconds: number
}

export interface Saved {
  state: Uint8Array
  /** Present when there is a model that the caller does not have and that can be saved. */
  model?: { fit: number; bytes: Uint8Array }
}

export type WorkerReply =
  | { type: 'ready'; facts: PipelineFacts; refusedModel?: ModelRefusal }
  | { type: 'answer'; id: number; value: Processed | Saved }
  | { type: 'failure'; id: number; message: string }
