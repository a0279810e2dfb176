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
  const common = commonFields(model, link, flow, flow.startedMs, endedMs)
  return {
    ...common,
    bytesTransferred: ending.bytesTransferred,
    firstByteSeconds: flow.firstByteMs === undefined ? 0 : (flow.firstByteMs - flow.startedMs) / 1000,
    status: failure === undefined ? 'ok' : failure.class === 'cancelled' ? 'aborted' : 'failed',
    ...(failure === undefined ? {} : { error: toTransferError(failure, failure.phase) }),
    ...(ending.bytesTransferred === 0
      ? {}
      : { transport: countersOf(ending.bytesTransferred, flow.lossShare, flow.rttSeconds) }),
    checksum: failure === undefined ? 'ok' : failure.class === 'checksum' ? 'mismatch' : 'none',
  }
}

const expired: FailureCause = { scope: 'scheduler', class: 'expired' }

/** The record of a request that never started: it begins and ends at the instant at which it was given up. */
export function toExpired(model: Model, link: LinkModel, request: Request, atMs: number): Transfer {
  return {
    ...commonFields(model, link, request, atMs, atMs),
    bytesTransferred: 0,
    firstByteSeconds: 0,
    status: 'failed',
    error: toTransferError(expired),
    checksum: 'none',
  }
}

function commonFields(model: Model, link: LinkModel, request: Request, startedMs: number, endedMs: number) {
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
    durationSeconds: (endedMs - startedMs) / 1000,
    attempt: request.attempt,
    streams: streamsFor(request.sizeBytes),
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
