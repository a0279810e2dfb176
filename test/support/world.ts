import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Scope } from '../../lib/names.ts'
import { siteName } from '../../lib/names.ts'
import type { FaultCancel, FaultRequest } from '../../lib/streams/control.ts'
import type { EmittedRecord, LinkEnds } from '../../simulator/faults/fault.ts'
import { faults } from '../../simulator/faults/faults.ts'
import { parseScenario, type Scenario } from '../../simulator/scenario.ts'
import { createWorld, type World, type WorldOutput } from '../../simulator/world.ts'
import { NOON } from './builders.ts'

export const SITE_A = siteName('SITE_A')
export const SITE_B = siteName('SITE_B')
export const SITE_C = siteName('SITE_C')
export const A_TO_B: LinkEnds & Scope = { source: SITE_A, destination: SITE_B }

export function packagedScenario(name: 'default' | 'edge'): Scenario {
  const file = new URL(`../../simulator/scenarios/${name}.yaml`, import.meta.url)
  return parseScenario(readFileSync(file, 'utf8'), `${name}.yaml`)
}

/** The default world with something said differently, in YAML. */
export function aScenario(yaml = ''): Scenario {
  const sites = /^sites:/m.test(yaml) ? '' : 'sites: [SITE_A, SITE_B, SITE_C]\n'
  return parseScenario(`name: test\n${sites}${yaml}`, 'test.yaml')
}

export function aWorld(options: { scenario?: Scenario; seed?: number; worldStart?: number } = {}): World {
  return createWorld({ scenario: aScenario(), seed: 7, worldStart: NOON, ...options })
}

/** A live fault of 20 minutes that begins an hour after NOON. */
export function aFault(changes: Partial<FaultRequest> = {}): FaultRequest {
  return {
    v: 1,
    seq: 1,
    at: NOON,
    type: 'fault',
    kind: 'link-brownout',
    scope: A_TO_B,
    severity: 0.8,
    durationSeconds: 1200,
    effectiveAt: NOON + 3600,
    hidden: false,
    ...changes,
  }
}

export function aCancel(changes: Partial<FaultCancel> = {}): FaultCancel {
  return { v: 1, seq: 2, at: NOON, type: 'fault-cancel', fault: 1, effectiveAt: NOON + 4000, ...changes }
}

export interface FaultRun extends WorldOutput {
  /** Records over the links that the fault bends, with it and in the same world without it. */
  bent: EmittedRecord[]
  straight: EmittedRecord[]
  /** Records over all other links, with and without it. */
  elsewhere: EmittedRecord[]
  elsewhereStraight: EmittedRecord[]
  from: number
  to: number
}

/** Two hours of a world with one live fault, beside the same two hours without it. */
export function runFault(changes: Partial<FaultRequest>, seed = 7): FaultRun {
  const fault = aFault(changes)
  const until = Math.max(NOON + 7200, fault.effectiveAt + fault.durationSeconds + 700)
  const world = aWorld({ seed })
  world.apply(fault)
  const output = world.runUntil(until)
  const twin = aWorld({ seed }).runUntil(until)
  const touches = ({ transfer }: EmittedRecord) => faults.get(fault.kind)?.bends(fault.scope, transfer) === true
  return {
    ...output,
    bent: output.records.filter(touches),
    straight: twin.records.filter(touches),
    elsewhere: output.records.filter((record) => !touches(record)),
    elsewhereStraight: twin.records.filter((record) => !touches(record)),
    from: fault.effectiveAt,
    to: fault.effectiveAt + fault.durationSeconds,
  }
}

export function startedWithin(records: readonly EmittedRecord[], from: number, to: number): EmittedRecord[] {
  return records.filter(
    ({ transfer }) => transfer.startedAt >= from && transfer.startedAt < to && transfer.error?.scope !== 'scheduler',
  )
}

export function shareOf(records: readonly EmittedRecord[], kind: string): number {
  const hits = records.filter(({ transfer: { error } }) => `${error?.scope}/${error?.class}` === kind)
  return hits.length / records.length
}

export function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
