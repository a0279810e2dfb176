import { expect, test } from 'vitest'
import { DtmsError, describeSystemError, exitCodeOf, systemCode } from '../../lib/errors.ts'

test.each([
  { error: new DtmsError('config.invalid', ''), code: 2 },
  { error: new DtmsError('scenario.invalid', ''), code: 2 },
  { error: new DtmsError('usage.invalid', ''), code: 2 },
  { error: new DtmsError('volume.full', ''), code: 1 },
  { error: new DtmsError('http.port_taken', ''), code: 1 },
  { error: new Error('any'), code: 1 },
])('$error.code ends a process with $code', ({ error, code }) => {
  expect(exitCodeOf(error)).toBe(code)
})

test('whether doing it again can help comes from the code and can be overridden', () => {
  expect(new DtmsError('volume.stalled', '').retryable).toBe(true)
  expect(new DtmsError('record.invalid', '').retryable).toBe(false)
  expect(new DtmsError('record.invalid', '', { retryable: true }).retryable).toBe(true)
})

test('a system error is named by its code', () => {
  const error = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  expect(systemCode(error)).toBe('ENOSPC')
  expect(systemCode(new Error('x'))).toBeUndefined()
  expect(describeSystemError(error)).toBe('ENOSPC')
  expect(describeSystemError('text')).toBe('text')
})
