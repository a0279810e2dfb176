import { expect, test } from 'vitest'
import { matches, selectorSchema } from '../../../cli/preflight/selector.ts'

const labels = { app: 'api', tier: 'back' }

test.each([
  [{}, true],
  [{ matchLabels: { app: 'api' } }, true],
  [{ matchLabels: { app: 'api', tier: 'front' } }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'api'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['x'] }] }, false],
  [{ matchExpressions: [{ key: 'none', operator: 'In', values: ['x'] }] }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x'] }] }, true],
  [{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['x'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['api'] }] }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'none', operator: 'Exists' }] }, false],
  [{ matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }, true],
  [{ matchLabels: { app: 'api' }, matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
])('%j selects: %s', (selector, selected) => {
  expect(matches(selectorSchema.parse(selector), labels)).toBe(selected)
})
