import type { Transfer, TransportCounters } from '../lib/record/record.ts'
import type { Request } from './attempt.ts'
import { type FailureCause, toTransferError } from './failures.ts'
import type { Ending } from './link.ts'
import type { LinkModel, Model } from './model.ts'

/** Payload of one packet on the usual path, bytes. */
const SEGMENT_BYTES = 1448

/** The record of an attempt that was made. */
export function toTransfer(model: Model, link: LinkModel, ending: Ending, endedMs: number): Transfer {
  const { flow, failure } = ending
  const transfer = blank(model, link, flow, flow.startedMs, endedMs)
  transfer.bytesTransferred = ending.bytesTransferred
  if (flow.firstByteMs !== null) transfer.firstByteSeconds = (flow.firstByteMs - flow.startedMs) / 1000
  if (ending.bytesTransferred > 0)
    transfer.transport = countersOf(ending.bytesTransferred, flow.lossShare, flow.rttSeconds)
  if (failure === null) return transfer
  transfer.status = failure.class === 'cancelled' ? 'aborted' : 'failed'
  transfer.error = toTransferError(failure, failure.phase)
  transfer.checksum = failure.class === 'checksum' ? 'mismatch' : 'none'
  return transfer
}

const expired: FailureCause = { scope: 'scheduler', class: 'expired' }

/** The record of a request that never started: it begins and ends at the instant at which it was given up. */
export function toExpired(model: Model, link: LinkModel, request: Request, atMs: number): Transfer {
  const transfer = blank(model, link, request, atMs, atMs)
  transfer.status = 'failed'
  transfer.error = toTransferError(expired)
  transfer.checksum = 'none'
  return transfer
}

/** A good record without bytes. Filled in place: records are the bulk of what a world makes. */
function blank(model: Model, link: LinkModel, request: Request, startedMs: number, endedMs: number): Transfer {
  const { source, destination, protocol } = link.spec
  return {
    site: source,
    source,
    destination,
    protocol,
    activity: model.scenario.files[request.file]?.name ?? 'unknown',
    queuedAt: request.queuedMs / 1000,
    startedAt: startedMs / 1000,
    endedAt: endedMs / 1000,
    sizeBytes: request.sizeBytes,
    bytesTransferred: 0,
    durationSeconds: (endedMs - startedMs) / 1000,
    firstByteSeconds: 0,
    status: 'ok',
    attempt: request.attempt,
    streams: streamsFor(request.sizeBytes),
    checksum: 'ok',
    origin: { kind: 'simulator', id: `${source}-${destination}-${request.number}` },
  }
}

function streamsFor(sizeBytes: number): number {
  if (sizeBytes < 1e8) return 1
  return sizeBytes < 1e10 ? 4 : 8
}

function countersOf(bytes: number, lossShare: number, rttSeconds: number): TransportCounters {
  const segments = Math.ceil(bytes / SEGMENT_BYTES)
  const retransmits = Math.round(segments * lossShare)
  return {
    retransmits,
    outOfOrder: Math.round(retransmits * 0.6),
    duplicates: Math.round(retransmits * 0.05),
    rttSeconds: Math.round(rttSeconds * 1e6) / 1e6,
  }
}
