import type { FaultDescription } from './fault.ts'
import { faults } from './faults.ts'

/**
 * What people and the API are told about every kind of fault: plain data, made from the one map, so that a new kind
 * shows up everywhere. The one file of simulator/ that the API may import.
 */
export const faultCatalogue: readonly FaultDescription[] = [...faults.values()].map((fault) => fault.description)

/** Faults that may be planned or acting at the same time; the API refuses more. */
export const MAX_OPEN_FAULTS = 32

export function describeFault(kind: string): FaultDescription | undefined {
  return faults.get(kind)?.description
}
