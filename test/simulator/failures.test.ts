import { describe, expect, it } from 'vitest'
import { type ErrorClass, type ErrorScope, errorClasses } from '../../lib/record/record.ts'
import { isFailureCause, phaseOf, toTransferError } from '../../simulator/failures.ts'

const causes = Object.entries(errorClasses).flatMap(([scope, classes]) =>
  classes.map((name) => ({ scope: scope as ErrorScope, class: name as ErrorClass })),
)
const retried = ['transfer/timeout', 'destination/unavailable', 'source/unavailable', 'transfer/interrupted']

describe('failures', () => {
  it.each(causes)('$scope/$class is known, has a message, and is retried only if it can get better', (cause) => {
    expect(isFailureCause(cause)).toBe(true)
    const error = toTransferError(cause)
    expect(error).toMatchObject(cause)
    expect(error.message.length).toBeGreaterThan(10)
    expect(error.retryable).toBe(retried.includes(`${cause.scope}/${cause.class}`))
    expect(error.phase).toBe(phaseOf(cause))
  })

  it('knows no class under a scope to which it does not belong', () => {
    expect(isFailureCause({ scope: 'source', class: 'no_space' })).toBe(false)
  })

  it('keeps the phase it is told when that differs from the usual one', () => {
    const cause = { scope: 'source', class: 'unavailable' } as const
    expect(toTransferError(cause).phase).toBe('transfer')
    expect(toTransferError(cause, 'preparation').phase).toBe('preparation')
  })
})
