import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ManualClock } from '../../lib/clock.ts'
import { siteName } from '../../lib/names.ts'
import type { Transfer } from '../../lib/record/record.ts'

/** Sunday 2023-10-01 12:00:00 UTC: where test worlds begin. */
export const NOON = 1_696_161_600

export function aClock(now = NOON): ManualClock {
  return new ManualClock(now)
}

/** A plain successful transfer of 1 GB in 10 s from SITE_A to SITE_B that ended at NOON. */
export function aTransfer(changes: Partial<Transfer> = {}): Transfer {
  const endedAt = changes.endedAt ?? NOON
  return {
    site: siteName('SITE_A'),
    source: siteName('SITE_A'),
    destination: siteName('SITE_B'),
    protocol: 'davs',
    activity: 'raw',
    queuedAt: endedAt - 12,
    startedAt: endedAt - 10,
    endedAt,
    sizeBytes: 1_000_000_000,
    bytesTransferred: 1_000_000_000,
    durationSeconds: 10,
    firstByteSeconds: 0.5,
    status: 'ok',
    attempt: 1,
    streams: 4,
    checksum: 'ok',
    origin: { kind: 'simulator' },
    ...changes,
  }
}

/** A folder of its own, removed when the test has ended. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Waits until `condition` answers something other than undefined or false; the cap is generous on purpose. */
export async function eventually<T>(condition: () => T | Promise<T>, capMs = 30_000): Promise<NonNullable<T>> {
  const end = performance.now() + capMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>
    if (performance.now() > end) throw new Error(`the condition did not become true within ${capMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
