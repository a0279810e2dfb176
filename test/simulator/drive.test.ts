import { describe, expect, it } from 'vitest'
import { drive } from '../../simulator/drive.ts'
import { Engine } from '../../simulator/engine.ts'
import { type FaultEntry, FaultSchedule } from '../../simulator/fault-schedule.ts'
import { createModel } from '../../simulator/model.ts'
import { NOON } from '../support/builders.ts'
import { A_TO_B, aScenario } from '../support/world.ts'

const START = NOON * 1000

function aFaultEntry(): FaultEntry {
  const times = { plannedStartMs: START + 600_000, plannedEndMs: START + 1_200_000 }
  return {
    id: 's-1',
    order: 0,
    kind: 'slow-drift',
    scope: A_TO_B,
    severity: 1,
    ...times,
    startMs: times.plannedStartMs,
    endMs: times.plannedEndMs,
    state: 'planned',
  }
}

describe('driving an engine through faults', () => {
  it('tells of every turn before it is taken, and gives the same records in steps of any size', () => {
    const runs = [3_600_000, 37_000, 1000].map((stepMs) => {
      const engine = new Engine(createModel(aScenario(), 7), { atMs: START })
      const schedule = new FaultSchedule([aFaultEntry()])
      const turns: string[] = []
      for (let at = START + stepMs; at <= START + 3_600_000 + stepMs; at += stepMs) {
        drive(engine, schedule, Math.min(at, START + 3_600_000), (turn) => {
          if (turn.type !== 'step') turns.push(`${turn.type} of a ${turn.fault.state} fault`)
        })
      }
      return { turns, records: engine.take(), state: engine.save() }
    })
    expect(runs[0]?.turns).toEqual(['start of a planned fault', 'end of a active fault', 'witness of a ended fault'])
    expect(runs[1]).toEqual(runs[0])
    expect(runs[2]).toEqual(runs[0])
  })
})
