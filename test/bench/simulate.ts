import { readFileSync } from 'node:fs'
import { parseScenario } from '../../simulator/scenario.ts'
import { createWorld, restoreWorld } from '../../simulator/world.ts'
import { type BenchRow, median, timed } from './harness.ts'

const DAY = 86_400
const START = 1_704_067_200
const ROUNDS = 7
const BAR_RATIO = 10_000

/** A day of the default world, in the slices in which an exporter runs it, records thrown away. */
export async function run(): Promise<BenchRow[]> {
  const file = new URL('../../simulator/scenarios/default.yaml', import.meta.url)
  const scenario = parseScenario(readFileSync(file, 'utf8'), 'default.yaml')
  const daysMs: number[] = []
  let records = 0
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    const world = createWorld({ scenario, seed, worldStart: START })
    daysMs.push(
      await timed(() => {
        for (let t = 600; t <= DAY; t += 600) records += world.runUntil(START + t).records.length
      }),
    )
  }
  const world = createWorld({ scenario, seed: 7, worldStart: START })
  world.runUntil(START + DAY / 2)
  const text = JSON.stringify(world.save())
  const savesMs: number[] = []
  for (let round = 0; round < 25; round += 1) {
    savesMs.push(
      await timed(() => restoreWorld({ scenario, seed: 7, state: JSON.parse(JSON.stringify(world.save())) })),
    )
  }
  const [first = Number.NaN] = daysMs
  const ratioOf = (milliseconds: number) => DAY / (milliseconds / 1000)
  return [
    {
      name: 'world seconds per second, first day of a process',
      value: ratioOf(first),
      unit: 'x',
      bar: `>= ${BAR_RATIO}`,
      ok: ratioOf(first) >= BAR_RATIO,
    },
    {
      name: 'world seconds per second, median of seven days',
      value: ratioOf(median(daysMs)),
      unit: 'x',
      bar: `>= ${BAR_RATIO}`,
      ok: ratioOf(median(daysMs)) >= BAR_RATIO,
      note: `${Math.round(records / ROUNDS)} records a day`,
    },
    { name: 'a day of 3 sites and 6 links', value: median(daysMs), unit: 'ms' },
    { name: 'saved world', value: text.length / 1000, unit: 'kB' },
    { name: 'save to JSON and back', value: median(savesMs), unit: 'ms' },
  ]
}
