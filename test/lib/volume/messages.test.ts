import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../../lib/errors.ts'
import { fromPlainError, toPlainError } from '../../../lib/volume/messages.ts'

describe('an error between threads', () => {
  it('keeps code, message, hint and the text of its cause', () => {
    const cause = new Error('ENOSPC: no space left on device')
    const error = fromPlainError(toPlainError(new DtmsError('volume.full', 'full', { hint: 'free space', cause })))
    expect(error).toMatchObject({ code: 'volume.full', message: 'full', hint: 'free space', retryable: true })
    expect(error.cause).toMatchObject({ message: cause.message })
  })

  it('is a bug when nobody expected it', () => {
    expect(fromPlainError(toPlainError(new TypeError('oops')))).toMatchObject({ code: 'internal.bug' })
    expect(fromPlainError({ code: 'unheard.of', message: 'x' })).toMatchObject({ code: 'internal.bug' })
  })
})
