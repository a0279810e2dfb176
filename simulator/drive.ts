import type { Engine } from './engine.ts'
import type { FaultSchedule, FaultTurn } from './fault-schedule.ts'

/**
 * Runs an engine up to and including `endMs`, turning the faults on the way. At one instant faults turn before
 * anything else happens, one after the other; `onTurn` is told before each turn is taken.
 */
export function drive(
  engine: Engine,
  schedule: FaultSchedule,
  endMs: number,
  onTurn: (turn: FaultTurn) => void = () => undefined,
): void {
  for (let atMs = schedule.nextMs(); atMs !== undefined && atMs <= endMs; atMs = schedule.nextMs()) {
    engine.run(atMs, false)
    for (let turn = schedule.due(atMs); turn !== undefined; turn = schedule.due(atMs)) {
      onTurn(turn)
      schedule.take(turn)
      engine.bend(atMs, (link) => schedule.bendsOf(link, turn.atMs))
    }
  }
  engine.run(endMs, true)
}
