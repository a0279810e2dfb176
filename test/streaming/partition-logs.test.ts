import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { emptyOutcome } from '../../streaming/flow.ts'
import { folderOf, PartitionLogs } from '../../streaming/partition-logs.ts'
import { toQuarantine } from '../../streaming/quarantine-entry.ts'
import { aVolume } from '../support/log.ts'
import { anEvent } from '../support/stream-events.ts'
import { quarantineLines, shortLease, windowLines } from '../support/stream-partition.ts'
import { partsOf } from '../support/windows.ts'

function open(volume: Volume, isTransfers = true): Promise<PartitionLogs> {
  return PartitionLogs.open(
    {
      ...{ volume, clock: systemClock, logger: silentLogger, isTransfers, leaseTiming: shortLease },
      at: { topic: isTransfers ? 'dtms_transfers' : 'ops.events', partition: 2 },
      retention: { hours: 168, bytes: 1 << 30 },
      onFenced: () => {},
    },
    new AbortController().signal,
  )
}

function anOutcome(isBad: boolean) {
  const found = { at: 1_700_000_000, origin: 'dtms_transfers-p2', reason: 'not_json', detail: '' }
  return {
    ...emptyOutcome(),
    windows: partsOf([anEvent({ at: 1_700_000_000 })], 2),
    quarantined: isBad ? [toQuarantine({ offset: 3, value: Buffer.from('?') }, found)] : [],
  }
}

describe('the logs of a partition', () => {
  it('lie in folders of their own; the quarantine only when something is put there', async () => {
    const { volume, root } = aVolume()
    const logs = await open(volume)
    await logs.recall({})
    expect(await logs.append(anOutcome(false))).toEqual({ windows: 2, anomalies: 0, eventAnomalies: 0, quarantined: 0 })
    expect(readdirSync(root).sort()).toEqual(['anomalies', 'windows'])
    expect(await logs.append(anOutcome(true))).toMatchObject({ quarantined: 1 })
    await logs.close()
    expect(readdirSync(join(root, 'windows'))).toEqual(['p2'])
    expect(readdirSync(join(root, 'anomalies'))).toEqual(['zscore-p2'])
    expect(readdirSync(join(root, 'quarantine'))).toEqual(['stream-p2'])
  })

  it('of another topic carry its name', async () => {
    const { volume, root } = aVolume()
    const logs = await open(volume, false)
    await logs.close()
    expect(readdirSync(join(root, 'event-anomalies'))).toEqual(['ops-events-p2'])
  })

  it('know after a crash what was appended behind the saved places, the quarantine as well', async () => {
    const { volume } = aVolume()
    const first = await open(volume)
    await first.recall({})
    const saved = await first.saved()
    await first.append(anOutcome(true))
    await first.close()
    const second = await open(volume)
    await second.recall(saved)
    expect(await second.append(anOutcome(true))).toMatchObject({ windows: 0, quarantined: 0 })
    await second.close()
    expect([(await windowLines(volume)).length, (await quarantineLines(volume)).length]).toEqual([2, 1])
  })
})

it.each([
  ['ops.events', 0, 'ops-events-p0'],
  ['_internal', 1, 'tinternal-p1'],
  ['a'.repeat(44), 3, `${'a'.repeat(44)}-p3`],
])('the folder of %s partition %d is %s', (topic, partition, folder) => {
  expect(folderOf({ topic, partition })).toBe(folder)
})

it('long names that begin alike have folders of their own, short enough for a writer', () => {
  const names = ['x', 'y'].map((end) => folderOf({ topic: 'a'.repeat(200) + end, partition: 999 }))
  expect(names[0]).not.toBe(names[1])
  for (const name of names) expect(name.length).toBeLessThanOrEqual(64)
})
