import type { LinkKey, SiteName } from '../lib/names.ts'
import type { ErrorClass, ErrorScope, TransferStatus } from '../lib/record/record.ts'

/** One transfer as the consumer of the event stream sees it: what `parseMessage` (message.ts) makes of a message. */
export interface StreamEvent {
  /** Transfer id, `<SITE>-<seq>`. */
  id: string
  /** The recorder; with `seq` it tells repeats. */
  site: SiteName
  seq: number
  source: SiteName
  destination: SiteName
  link: LinkKey
  /** Event time: when the transfer ended, Unix seconds of world time. */
  at: number
  status: TransferStatus
  errorScope: ErrorScope | undefined
  errorClass: ErrorClass | undefined
  /** Bytes that were transferred. */
  bytes: number
  sizeBytes: number
  durationSeconds: number
  /** startedAt - queuedAt, never negative. */
  queueSeconds: number
  firstByteSeconds: number
  attempt: number
  traceparent: string | undefined
}
