import { expect } from 'vitest'
import type { z } from 'zod'

/** Changes one field of a good line and says whether the schema still takes it. */
export function takes(schema: z.ZodType, good: object, change: object): boolean {
  expect(schema.safeParse(good).success, 'the line without the change').toBe(true)
  return schema.safeParse({ ...good, ...change }).success
}
