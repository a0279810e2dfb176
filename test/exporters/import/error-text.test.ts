import { describe, expect, test } from 'vitest'
import { classifyError } from '../../../exporters/import/error-text.ts'
import { errorClasses } from '../../../lib/record/record.ts'

describe('the message of a failure', () => {
  test.each([
    ['DESTINATION [28] No space left on device', 'destination', 'no_space', false],
    ['Disk quota exceeded', 'destination', 'no_space', false],
    ['SOURCE [2] No such file or directory', 'source', 'not_found', false],
    ['Destination folder does not exist', 'destination', 'path', false],
    ['Permission denied', 'destination', 'permission', false],
    ['SOURCE Permission denied', 'source', 'permission', false],
    ['The certificate has expired', 'destination', 'permission', false],
    ['File exists and overwrite is not enabled', 'destination', 'exists', false],
    ['globus_xio: System error in connect: Connection refused', 'destination', 'unavailable', true],
    ['SOURCE: Network is unreachable', 'source', 'unavailable', true],
    ['TRANSFER [110] Operation timed out', 'transfer', 'timeout', true],
    ['Source and destination checksums do not match', 'transfer', 'checksum', false],
    ['Job expired in queue', 'scheduler', 'expired', false],
    ['Canceled by the user', 'scheduler', 'cancelled', false],
    ['Third-party copy not possible', 'transfer', 'protocol', false],
    ['something else', 'transfer', 'interrupted', true],
    ['', 'transfer', 'interrupted', true],
  ])('%s: %s/%s', (message, scope, errorClass, retryable) => {
    expect(classifyError(message)).toEqual({ scope, phase: 'transfer', class: errorClass, message, retryable })
    expect(Object.values(errorClasses).flat()).toContain(errorClass)
  })

  test('is cut to what a record may hold', () => {
    expect(classifyError('x'.repeat(5000)).message.length).toBe(1024)
  })
})
