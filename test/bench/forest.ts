import { engines } from '../../anomaly/engines.ts'
import { strictEngine } from '../../anomaly/forest.ts'
import type { Matrix } from '../../anomaly/matrix.ts'
import { FEATURES } from '../../anomaly/measurement.ts'
import { createModel } from '../../anomaly/model.ts'
import { decodeModel, encodeModel } from '../../anomaly/model-file.ts'
import { contributions } from '../../anomaly/path-explanation.ts'
import { createRandom } from '../../lib/random.ts'
import { areaUnderRoc, averagePrecision, quickSets, readLabelledSet, readReference } from '../support/labelled-sets.ts'
import { alternate, type BenchRow, median, timed } from './harness.ts'

const ROUNDS = 25
const SEEDS = 10
const WINDOW_ROWS = 4096
/** Few enough that a busy machine seldom interrupts a round. */
const SCORED_ROWS = 1000
const SCORING_ROUNDS = 201

const npmEngine = engines['ml-isolation-forest']

/** Fit, score and accuracy of the engines; the npm package behind its adapter is the anchor of every ratio. */
export async function run(): Promise<BenchRow[]> {
  return [...(await fitRows()), ...(await scoreRows()), ...(await modelRows()), ...accuracyRows()]
}

function cloud(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed, 'bench')
  return { data: new Float32Array(rows * columns).map(() => random.normal()), rows, columns }
}

async function fitRows(): Promise<BenchRow[]> {
  const paper = cloud(WINDOW_ROWS, 8, 1)
  const own = cloud(WINDOW_ROWS, FEATURES, 2)
  let seed = 0
  const fitted = (matrix: Matrix) => async (): Promise<number> => {
    seed += 1
    return timed(() => strictEngine.fit(matrix, seed))
  }
  const eight = await measured(ROUNDS, fitted(paper))
  const ours = await measured(ROUNDS, fitted(own))
  const both = await alternate(
    () => strictEngine.fit(paper, 7),
    () => npmEngine.fit(paper, 7),
    5,
  )
  return [
    barRow('strict: fit 100 trees x 256 rows, 8 features', eight, 'ms', 15),
    barRow(`strict: fit at our ${FEATURES} features`, ours, 'ms', 15),
    {
      ...{ name: 'fit: npm package over strict', value: both.ratio, unit: 'x', bar: '>= 1', ok: both.ratio >= 1 },
      note: `npm ${both.anchorMs.toFixed(1)} ms`,
    },
  ]
}

async function scoreRows(): Promise<BenchRow[]> {
  const window = cloud(WINDOW_ROWS, 8, 1)
  const records = cloud(SCORED_ROWS, 8, 3)
  const strict = strictEngine.fit(window, 1)
  const npm = npmEngine.fit(window, 1)
  const micros = async (rows: number, work: () => unknown): Promise<{ middle: number; fastest: number }> =>
    measured(SCORING_ROUNDS, async () => (1000 * (await timed(work))) / rows)
  const batch = await micros(SCORED_ROWS, () => strict.scoreAll(records))
  const row = new Float32Array(8)
  // One record after the other as they come from a log: each is copied into the one row that is scored.
  const alone = await micros(SCORED_ROWS, () => {
    for (let i = 0; i < SCORED_ROWS; i += 1) {
      for (let column = 0; column < 8; column += 1) row[column] = records.data[8 * i + column] as number
      strict.score(row)
    }
  })
  const explained = await micros(SCORED_ROWS, () => {
    for (let i = 0; i < SCORED_ROWS; i += 1) contributions(strict, records.data.subarray(8 * i, 8 * i + 8), 0)
  })
  const both = await alternate(
    () => strict.scoreAll(records),
    () => npm.scoreAll(records),
    5,
  )
  const anchor = (1000 * both.anchorMs) / SCORED_ROWS
  return [
    barRow('strict: score, batch', batch, 'us/record', 2),
    barRow('strict: score, one record alone', alone, 'us/record', 2),
    {
      ...{ name: 'score: npm package over strict', value: both.ratio, unit: 'x', bar: '>= 1', ok: both.ratio >= 1 },
      note: `npm ${anchor.toFixed(1)} us/record`,
    },
    barRow('strict: explanation', explained, 'us/record', 15),
  ]
}

async function modelRows(): Promise<BenchRow[]> {
  const window = cloud(WINDOW_ROWS, FEATURES, 2)
  const facts = { fit: 1, seed: 1, trainedFrom: 0, trainedTo: 1 }
  const file = encodeModel(createModel(strictEngine.fit(window, 1), window, facts))
  if (file === undefined) throw new Error('the strict model cannot be saved')
  const loaded = await measured(ROUNDS, () => timed(() => decodeModel(file)))
  const megabytes = file.length / 1e6
  return [
    { name: 'model file', value: megabytes, unit: 'MB', bar: '<= 0.6', ok: megabytes <= 0.6 },
    barRow('model file: load', loaded, 'ms', 5),
  ]
}

/** Means over ten seeds; a set passes when it is not below the reference by more than the noise of ten seeds. */
function accuracyRows(): BenchRow[] {
  const reference = readReference()
  if (reference === undefined)
    return [{ name: 'accuracy: not measured', value: 0, unit: 'sets', note: 'no labelled sets (DTMS_SHARED_DATA)' }]
  let aucs = 0
  let aps = 0
  let expectedAucs = 0
  let expectedAps = 0
  const below: string[] = []
  const sets = quickSets.filter((name) => reference.has(name))
  for (const name of sets) {
    const set = readLabelledSet(name)
    const expected = reference.get(name)
    if (set === undefined || expected === undefined) throw new Error(`${name} is listed but absent`)
    let auc = 0
    let ap = 0
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const scores = strictEngine.fit(set.matrix, seed).scoreAll(set.matrix)
      auc += areaUnderRoc(scores, set.labels) / SEEDS
      ap += averagePrecision(scores, set.labels) / SEEDS
    }
    if (auc < expected.auc - 3 * expected.auc_sd * Math.sqrt(2 / SEEDS)) below.push(name)
    aucs += auc
    aps += ap
    expectedAucs += expected.auc
    expectedAps += expected.ap
  }
  const note = below.length === 0 ? 'every set within noise of it' : `below it: ${below.join(', ')}`
  const n = sets.length
  return [
    {
      ...{ name: `strict: mean AUC on ${n} sets`, value: aucs / n, unit: '', bar: 'each set within noise' },
      ...{ ok: below.length === 0, note: `reference ${(expectedAucs / n).toFixed(4)}; ${note}` },
    },
    {
      ...{ name: `strict: mean AP on ${n} sets`, value: aps / n, unit: '' },
      note: `reference ${(expectedAps / n).toFixed(4)}`,
    },
  ]
}

/** Median of the rounds after the first, and the fastest: far apart, they say that the machine was busy with other things. */
async function measured(rounds: number, measure: () => Promise<number>): Promise<{ middle: number; fastest: number }> {
  await measure()
  const values: number[] = []
  for (let round = 0; round < rounds; round += 1) values.push(await measure())
  return { middle: median(values), fastest: Math.min(...values) }
}

function barRow(name: string, time: { middle: number; fastest: number }, unit: string, most: number): BenchRow {
  const { middle, fastest } = time
  return {
    ...{ name, value: middle, unit, bar: `<= ${most}`, ok: middle <= most },
    note: `fastest round ${fastest.toPrecision(3)}`,
  }
}
