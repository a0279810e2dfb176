import { expect, it } from 'vitest'
import { damageReasons } from '../../../lib/log/log.ts'

it('every reason for damage is told apart', () => {
  expect(new Set(damageReasons).size).toBe(damageReasons.length)
})
