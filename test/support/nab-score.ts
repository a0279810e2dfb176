import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { sharedData } from './labelled-sets.ts'

/**
 * The scoring of the Numenta Anomaly Benchmark, standard profile (Lavin and Ahmad, "Evaluating real-time anomaly
 * detection algorithms", ICMLA 2015; NAB v1.1): a labelled window counts once, by how early it was noticed; a false alarm
 * costs 0.11, less just behind a window; a missed window costs 1. The first 15 % of a series, at most 750 values, do not
 * count.
 */
export interface NabSeries {
  /** For example `realTraffic/speed_7578.csv`. */
  name: string
  values: Float64Array
  /** First and last index of each labelled window. */
  windows: readonly (readonly [number, number])[]
}

export interface NabScore {
  /** Sum of the rewards and costs. */
  raw: number
  found: number
  falseAlarms: number
}

const FALSE_ALARM = 0.11
const MISSED = 1
const PROBATION_SHARE = 0.15
const MOST_PROBATION = 750

export function readNabSeries(): NabSeries[] | undefined {
  const index = sharedData('nab', 'windows.json')
  if (index === undefined) return undefined
  const labelled = JSON.parse(readFileSync(index, 'utf8')) as Record<string, [string, string][]>
  return Object.entries(labelled).map(([name, labels]) => {
    const file = sharedData('nab', `${name.replace('/', '__')}.gz`)
    if (file === undefined) throw new Error(`${name} is not beside windows.json`)
    const rows = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n').slice(1)
    const times = rows.map((row) => secondsOf(row.slice(0, row.indexOf(','))))
    const windows = labels.map(([from, to]): [number, number] => [
      times.findIndex((time) => time >= secondsOf(from)),
      times.findLastIndex((time) => time <= secondsOf(to)),
    ])
    return { name, values: Float64Array.from(rows, (row) => Number(row.slice(row.indexOf(',') + 1))), windows }
  })
}

/** 1 at the far left of a window (position -1), 0 at its right end, -1 far behind it. */
export function scaledSigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}

/** Scores the indexes at which a detector raised its hand. */
export function scoreSeries({ values, windows }: NabSeries, alarms: readonly number[]): NabScore {
  const probation = Math.floor(Math.min(PROBATION_SHARE * values.length, MOST_PROBATION))
  const rewards = windows.map(() => 0)
  let raw = 0
  let falseAlarms = 0
  for (const alarm of alarms) {
    if (alarm < probation) continue
    const inside = windows.findIndex(([from, to]) => alarm >= from && alarm <= to)
    if (inside >= 0) {
      const [from, to] = windows[inside] as [number, number]
      const position = -(to - alarm + 1) / (to - from + 1)
      rewards[inside] = Math.max(rewards[inside] as number, scaledSigmoid(position) / scaledSigmoid(-1))
      continue
    }
    falseAlarms += 1
    const behind = windows.findLast(([, to]) => to < alarm)
    const position = behind === undefined ? Number.POSITIVE_INFINITY : (alarm - behind[1]) / (behind[1] - behind[0])
    raw += FALSE_ALARM * scaledSigmoid(position)
  }
  for (const reward of rewards) raw += reward > 0 ? reward : -MISSED
  return { raw, found: rewards.filter((reward) => reward > 0).length, falseAlarms }
}

/** 0 for a detector that never says anything, 100 for one that finds each window at its beginning and nothing else. */
export function normalised(raw: number, windows: number): number {
  return (100 * (raw + MISSED * windows)) / (windows + MISSED * windows)
}

function secondsOf(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) / 1000
}
