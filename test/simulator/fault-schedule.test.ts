import { describe, expect, it } from 'vitest'
import { type FaultEntry, FaultSchedule } from '../../simulator/fault-schedule.ts'
import { A_TO_B, SITE_A, SITE_B, SITE_C } from '../support/world.ts'

function anEntry(changes: Partial<FaultEntry> = {}): FaultEntry {
  return {
    id: 'f-1',
    order: 1,
    kind: 'link-brownout',
    scope: A_TO_B,
    severity: 0.8,
    plannedStartMs: 1000,
    plannedEndMs: 61_000,
    startMs: 1000,
    endMs: 61_000,
    state: 'planned',
    ...changes,
  }
}

/** Takes every turn up to an instant. */
function turnsUntil(schedule: FaultSchedule, untilMs: number): string[] {
  const turns: string[] = []
  for (let at = schedule.nextMs(); at !== undefined && at <= untilMs; at = schedule.nextMs()) {
    const turn = schedule.due(at)
    if (turn === undefined) break
    turns.push(`${turn.fault.id} ${turn.type} ${turn.atMs}`)
    schedule.take(turn)
  }
  return turns
}

describe('the fault schedule', () => {
  it('turns a fault on, off, and asks for its witness ten minutes after its end', () => {
    const schedule = new FaultSchedule([anEntry()])
    expect(turnsUntil(schedule, 1e9)).toEqual(['f-1 start 1000', 'f-1 end 61000', 'f-1 witness 661000'])
    expect(schedule.save()).toEqual([])
  })

  it('takes a fault that changes while it lasts anew at every step before its end', () => {
    const schedule = new FaultSchedule([anEntry({ kind: 'slow-drift', endMs: 21_000 })])
    expect(turnsUntil(schedule, 30_000)).toEqual(['f-1 start 1000', 'f-1 step 11000', 'f-1 end 21000'])
  })

  it('turns faults of the same instant in their order', () => {
    const schedule = new FaultSchedule([anEntry({ id: 'f-2', order: 2 }), anEntry()])
    expect(turnsUntil(schedule, 1000)).toEqual(['f-1 start 1000', 'f-2 start 1000'])
  })

  it('bends the links in scope from start to end and no others', () => {
    const schedule = new FaultSchedule([anEntry()])
    const bends = () => [
      schedule.bendsOf(A_TO_B, 5000),
      schedule.bendsOf({ source: SITE_A, destination: SITE_C }, 5000),
    ]
    expect(bends()).toEqual([[], []])
    turnsUntil(schedule, 1000)
    expect(bends()).toEqual([[expect.objectContaining({ speed: expect.closeTo(0.2) })], []])
    turnsUntil(schedule, 61_000)
    expect(bends()).toEqual([[], []])
  })

  it('answers the same at every instant between two steps', () => {
    const schedule = new FaultSchedule([anEntry({ kind: 'slow-drift' })])
    turnsUntil(schedule, 11_000)
    expect(schedule.bendsOf(A_TO_B, 20_999)).toEqual(schedule.bendsOf(A_TO_B, 11_000))
    expect(schedule.bendsOf(A_TO_B, 21_000)).not.toEqual(schedule.bendsOf(A_TO_B, 11_000))
  })

  it.each([
    ['before it began: it never does', 1000, []],
    ['while it lasts: it ends then', 1001, ['f-1 start 1000', 'f-1 end 1001', 'f-1 witness 601001']],
    ['after its end: nothing changes', 99_000, ['f-1 start 1000', 'f-1 end 61000', 'f-1 witness 661000']],
  ])('cancels %s', (_, atMs, turns) => {
    const schedule = new FaultSchedule([anEntry()])
    schedule.cancel('f-1', atMs)
    schedule.cancel('f-99', atMs)
    expect(turnsUntil(schedule, 1e9)).toEqual(turns)
  })

  it('goes back to where it stood, with or without one fault', () => {
    const schedule = new FaultSchedule([
      anEntry(),
      anEntry({ id: 'f-2', order: 2, scope: { site: SITE_B }, startMs: 2000 }),
    ])
    turnsUntil(schedule, 1000)
    const states = schedule.states()
    turnsUntil(schedule, 70_000)
    expect(turnsUntil(schedule.rewound(states), 61_000)).toEqual(['f-2 start 2000', 'f-1 end 61000', 'f-2 end 61000'])
    expect(turnsUntil(schedule.rewound(states, 'f-1'), 61_000)).toEqual(['f-2 start 2000', 'f-2 end 61000'])
  })

  it('remembers a past fault for as long as the witness of another may need it', () => {
    const schedule = new FaultSchedule([
      anEntry(),
      anEntry({ id: 'f-2', order: 2, startMs: 60_000, endMs: 5_000_000, plannedEndMs: 5_000_000 }),
    ])
    turnsUntil(schedule, 700_000)
    expect(schedule.save().map((entry) => `${entry.id} ${entry.state}`)).toEqual(['f-1 done', 'f-2 active'])
    turnsUntil(schedule, 6_000_000)
    expect(schedule.save()).toEqual([])
  })
})
