import { transferCodec } from '../../lib/record/codec.ts'
import { closeLine } from '../../lib/record/crc.ts'
import type { Transfer, TransferError } from '../../lib/record/record.ts'
import { aTransfer } from './builders.ts'

/** A transfer that the destination refused because it was full. */
export function aFailedTransfer(changes: Partial<Transfer> = {}): Transfer {
  return aTransfer({ status: 'failed', bytesTransferred: 0, checksum: 'none', error: anError(), ...changes })
}

export function anError(changes: Partial<TransferError> = {}): TransferError {
  return {
    scope: 'destination',
    phase: 'preparation',
    class: 'no_space',
    message: 'No space left on device',
    retryable: false,
    ...changes,
  }
}

/** A transfer with every optional field. */
export function aFullTransfer(changes: Partial<Transfer> = {}): Transfer {
  return aFailedTransfer({
    transport: { retransmits: 3, outOfOrder: 2, duplicates: 1, rttSeconds: 0.0125 },
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    origin: { kind: 'mapped-csv', id: 'a-17', line: 18 },
    id: 'SITE_A-1',
    ...changes,
  })
}

/** The line of a transfer as readers get it: bytes without the newline. */
export function aLine(transfer: Transfer = aTransfer(), seq = 1): Buffer {
  return Buffer.from(transferCodec.serialise(transfer, seq).slice(0, -1))
}

/** A line with a right checksum around any JSON text of an object. */
export function aSignedLine(json: string): Buffer {
  return Buffer.from(closeLine(json.replace(/}$/, '')).slice(0, -1))
}
