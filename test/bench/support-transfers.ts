import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadScenario } from '../../exporters/scenario-file.ts'
import type { Transfer } from '../../lib/record/record.ts'
import { createWorld } from '../../simulator/world.ts'

const WORLD_START = 1_696_118_400

/** What one site of the default world records, oldest first: sizes, counters and failures as they really are. */
export function transfersOf(site: string, count: number): Transfer[] {
  const { scenario } = loadScenario('default')
  const world = createWorld({ scenario, seed: 7, worldStart: WORLD_START })
  const transfers: Transfer[] = []
  for (let day = 1; transfers.length < count; day += 1) {
    for (const { transfer } of world.runUntil(WORLD_START + day * 86_400).records) {
      if (transfer.site === site) transfers.push(transfer)
    }
  }
  return transfers.slice(0, count)
}

/** Runs with a folder on the disk that is gone afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
