import type { TransferError } from '../../lib/record/record.ts'

/**
 * Tells the class of a failure from the message that transfer tools print. The phrases are those of FTS, GFAL, xrootd,
 * GridFTP, rclone and the C library; the first line that fits wins. A message that nothing fits was interrupted.
 */
export function classifyError(text: string): TransferError {
  const message = text.slice(0, 1024)
  const lower = message.toLowerCase()
  const found = phrases.find(({ words }) => words.some((word) => lower.includes(word)))
  const blamed = lower.startsWith('source') ? 'source' : lower.startsWith('destination') ? 'destination' : undefined
  const { scope, class: errorClass } = at(found, blamed)
  const retryable = ['unavailable', 'timeout', 'interrupted'].includes(errorClass)
  return { scope, phase: 'transfer', class: errorClass, message, retryable } as TransferError
}

type Kind =
  | 'no_space'
  | 'permission'
  | 'exists'
  | 'path'
  | 'not_found'
  | 'unavailable'
  | 'timeout'
  | 'checksum'
  | 'protocol'
  | 'expired'
  | 'cancelled'

const phrases: readonly { kind: Kind; words: readonly string[] }[] = [
  { kind: 'no_space', words: ['no space', 'no free space', 'disk full', 'quota', 'enospc', 'space_management'] },
  { kind: 'checksum', words: ['checksum', 'digest mismatch', 'hash mismatch', 'corrupt'] },
  { kind: 'permission', words: ['certificate', 'credential', 'proxy expired', 'token expired'] },
  { kind: 'expired', words: ['expired in queue', 'job expired', 'max time in queue', 'expired'] },
  { kind: 'cancelled', words: ['cancel', 'aborted by user'] },
  {
    kind: 'permission',
    words: ['permission', 'access denied', 'not authorized', 'unauthorized', 'forbidden', 'eacces'],
  },
  { kind: 'exists', words: ['file exists', 'already exists', 'eexist'] },
  { kind: 'not_found', words: ['no such file', 'not found', 'does not exist', 'enoent'] },
  { kind: 'path', words: ['not a directory', 'is a directory', 'invalid path', 'file name too long'] },
  { kind: 'timeout', words: ['timed out', 'timeout', 'time out', 'etimedout'] },
  {
    kind: 'unavailable',
    words: ['refused', 'unreachable', 'unavailable', 'no route', 'could not connect', 'connection reset', 'host down'],
  },
  { kind: 'protocol', words: ['protocol', 'third-party copy', 'third party copy', 'not supported', 'handshake'] },
]

/** Which side a class belongs to when the message does not say: what it usually is. */
function at(
  found: { kind: Kind } | undefined,
  blamed: 'source' | 'destination' | undefined,
): { scope: string; class: string } {
  if (found === undefined) return { scope: 'transfer', class: 'interrupted' }
  switch (found.kind) {
    case 'permission':
    case 'unavailable':
      return { scope: blamed ?? 'destination', class: found.kind }
    case 'not_found':
      // A missing folder at the far end is a path problem there.
      return blamed === 'destination'
        ? { scope: 'destination', class: 'path' }
        : { scope: 'source', class: 'not_found' }
    case 'no_space':
    case 'exists':
    case 'path':
      return { scope: 'destination', class: found.kind }
    case 'expired':
    case 'cancelled':
      return { scope: 'scheduler', class: found.kind }
    default:
      return { scope: 'transfer', class: found.kind }
  }
}
