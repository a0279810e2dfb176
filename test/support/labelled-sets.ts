import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Matrix } from '../../anomaly/matrix.ts'

/** Every set of the paper table but the largest, which takes longer than these together: it is left to the benchmark. */
export const quickSets = [
  'annthyroid',
  'breastw',
  'cardio',
  'ionosphere',
  'letter',
  'mammography',
  'pendigits',
  'pima',
  'satellite',
  'thyroid',
  'vowels',
] as const

export interface Reference {
  auc: number
  auc_sd: number
  ap: number
  ap_sd: number
}

/** Where data that is too large or not ours to ship may lie: DTMS_SHARED_DATA, else beside the repository. */
export function sharedData(...path: string[]): string | undefined {
  const here = import.meta.dirname
  // Compiled for the benchmarks, this file lies one folder deeper.
  const beside = ['../../..', '../../../..'].map((up) => join(here, up, 'shared', 'data'))
  const roots = process.env.DTMS_SHARED_DATA === undefined ? beside : [process.env.DTMS_SHARED_DATA]
  return roots.map((root) => join(root, ...path)).find(existsSync)
}

export function readReference(): Map<string, Reference> | undefined {
  const path = sharedData('anomaly', 'reference.json')
  if (path === undefined) return undefined
  const { scores } = JSON.parse(readFileSync(path, 'utf8')) as { scores: Record<string, Reference> }
  return new Map(Object.entries(scores))
}

/** Rows without their last column, and the last column (1: anomaly). */
export function readLabelledSet(name: string): { matrix: Matrix; labels: Uint8Array } | undefined {
  const path = sharedData('anomaly', `${name}.csv.gz`)
  if (path === undefined) return undefined
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n').slice(1)
  const columns = (lines[0]?.split(',').length ?? 1) - 1
  const data = new Float32Array(lines.length * columns)
  const labels = new Uint8Array(lines.length)
  lines.forEach((line, row) => {
    const cells = line.split(',').map(Number)
    data.set(cells.slice(0, columns), row * columns)
    labels[row] = Number((cells[columns] ?? 0) > 0)
  })
  return { matrix: { data, rows: lines.length, columns }, labels }
}

/** Area under the ROC curve, ties counted half (Mann-Whitney). */
export function areaUnderRoc(scores: ArrayLike<number>, labels: Uint8Array): number {
  const order = Array.from(labels.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number))
  let rankSum = 0
  let positives = 0
  for (let i = 0; i < order.length; ) {
    let end = i + 1
    while (end < order.length && scores[order[end] as number] === scores[order[i] as number]) end += 1
    const rank = (i + 1 + end) / 2
    for (let j = i; j < end; j += 1) {
      if (labels[order[j] as number] === 1) {
        rankSum += rank
        positives += 1
      }
    }
    i = end
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (labels.length - positives))
}

/** Mean precision at each anomaly, highest scores first. */
export function averagePrecision(scores: ArrayLike<number>, labels: Uint8Array): number {
  const order = Array.from(labels.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number))
  let found = 0
  let sum = 0
  order.forEach((row, i) => {
    if (labels[row] !== 1) return
    found += 1
    sum += found / (i + 1)
  })
  return sum / found
}
