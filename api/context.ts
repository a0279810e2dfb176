import type { Logger } from '../lib/logger.ts'
import type { TransferRecord } from '../lib/record/record.ts'
import type { AnomalyLine } from '../lib/streams/anomalies.ts'
import type { SharedClock } from '../lib/world/shared-clock.ts'
import type { AlertInbox } from './alert-inbox.ts'
import type { Changes } from './changes.ts'
import type { ApiConfig } from './config.ts'
import type { EventHub } from './events/hub.ts'
import type { ReplyCache } from './reply-cache.ts'
import type { ApiState } from './state.ts'
import type { ReadOlder } from './store/older.ts'

/** What the routes are made from. */
export interface ApiContext {
  config: ApiConfig
  clock: SharedClock
  logger: Logger
  state: ApiState
  hub: EventHub
  changes: Changes
  inbox: AlertInbox
  /** Counts what notifications brought. */
  alertCounts(counts: { accepted: number; repeated: number; truncated: number }): void
  cache: ReplyCache
  /** Whether the volume could be read lately; freshness says `unknown` when not. */
  readable(): boolean
  olderTransfers: ReadOlder<TransferRecord>
  olderAnomalies: ReadOlder<AnomalyLine>
  /** Every line of a stream, roughly oldest first, in bounded memory. */
  allTransfers(range: TimeRange): AsyncIterable<TransferRecord[]>
  allAnomalies(range: TimeRange): AsyncIterable<AnomalyLine[]>
}

export interface TimeRange {
  from?: number | undefined
  to?: number | undefined
}
