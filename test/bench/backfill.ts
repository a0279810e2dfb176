import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createExporters } from '../../exporters/group.ts'
import { silentLogger } from '../../lib/logger.ts'
import { openVolume } from '../../lib/volume/open.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { type BenchRow, median } from './harness.ts'

const ROUNDS = 5
const BAR_SECONDS = 3

/** The past of an empty volume as the all-in-one writes it: three exporters in one process, every line synced. */
export async function run(): Promise<BenchRow[]> {
  const rounds: { seconds: number; stallMs: number }[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const measured = await backfill()
    if (round > 0) rounds.push(measured)
  }
  const seconds = median(rounds.map((round) => round.seconds))
  return [
    {
      name: '24 h x 3 sites from start to durable and read back',
      value: seconds,
      unit: 's',
      bar: `<= ${BAR_SECONDS}`,
      ok: seconds <= BAR_SECONDS,
    },
    {
      name: 'longest stall of the event loop meanwhile',
      value: median(rounds.map((round) => round.stallMs)),
      unit: 'ms',
    },
  ]
}

async function backfill(): Promise<{ seconds: number; stallMs: number }> {
  const root = mkdtempSync(join(tmpdir(), 'dtms-bench-'))
  const volume = openVolume({ root, deadlineMs: 5000 })
  const clock = createSharedClock(volume, 'auto')
  const exporters = createExporters({
    config: {
      scenario: 'default',
      seed: 7,
      speed: 1,
      backfillHours: 24,
      source: 'simulator',
      sourceFile: '',
      sourceFormat: '',
      sourceMapping: '',
      dataDir: root,
      pollMs: 200,
      retentionHours: 168,
      retentionBytes: 1_073_741_824,
    },
    clock,
    logger: silentLogger,
    volume,
  })
  let stallMs = 0
  let last = performance.now()
  const watch = setInterval(() => {
    const now = performance.now()
    stallMs = Math.max(stallMs, now - last - 5)
    last = now
  }, 5)
  const start = performance.now()
  try {
    await exporters.start()
    while (!(exporters.checks().past?.ok === true && (await isReadBack(exporters.registry)))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return { seconds: (performance.now() - start) / 1000, stallMs }
  } finally {
    clearInterval(watch)
    await exporters.stop()
    await volume.close()
    rmSync(root, { recursive: true, force: true })
  }
}

/** Counted in the metrics: as many transfers as lines were written (a world without faults writes nothing else). */
async function isReadBack(registry: { metrics(): Promise<string> }): Promise<boolean> {
  const text = await registry.metrics()
  const total = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0)
  const written = total('dtms_log_lines_written_total')
  return written > 0 && total('dtms_transfer_duration_seconds_count') === written
}
