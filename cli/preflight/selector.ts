import { z } from 'zod'
import type { Labels } from './objects.ts'

export const selectorSchema = z.looseObject({
  matchLabels: z.record(z.string(), z.coerce.string()).nullish(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.coerce.string()).nullish() }))
    .nullish(),
})

export type Selector = z.infer<typeof selectorSchema>

/** An empty selector matches everything. */
export function matches(selector: Selector, labels: Labels): boolean {
  const byLabels = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    byLabels &&
    (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      const among = value !== undefined && (values ?? []).includes(value)
      return operator === 'NotIn' ? !among : among
    })
  )
}
