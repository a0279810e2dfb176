import { linkKey } from '../../lib/names.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import type { StreamEvent } from '../../streaming/event.ts'

/** What the consumer of the event stream sees of a record. */
export function toStreamEvent(record: TransferRecord): StreamEvent {
  const { id, site, seq, source, destination, status, sizeBytes, durationSeconds, firstByteSeconds, attempt } = record
  return {
    ...{ id, site, seq, source, destination, status, sizeBytes, durationSeconds, firstByteSeconds, attempt },
    link: linkKey(source, destination),
    at: record.endedAt,
    errorScope: record.error?.scope,
    errorClass: record.error?.class,
    bytes: record.bytesTransferred,
    queueSeconds: Math.max(0, record.startedAt - record.queuedAt),
    traceparent: record.traceparent,
  }
}
