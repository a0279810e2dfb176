import { expect, test } from 'vitest'
import { systemClock } from '../../../lib/clock.ts'
import { loadConfig } from '../../../lib/config.ts'
import { DtmsError } from '../../../lib/errors.ts'
import { createTailer } from '../../../lib/log/tailer.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { siteName } from '../../../lib/names.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { producerConfig } from '../../../streaming/config.ts'
import { runLoad } from '../../../streaming/load/load.ts'
import { openBusTarget, openLogTarget } from '../../../streaming/load/targets.ts'
import { aTransfer } from '../../support/builders.ts'
import { aVolume, readAll } from '../../support/log.ts'
import { countedIds } from '../../support/producers.ts'
import { ScriptedBus } from '../../support/scripted-bus.ts'

const templates = ['SITE_A', 'SITE_B', 'SITE_C'].map((name, i) =>
  aTransfer({
    ...{ site: siteName(name), source: siteName(name) },
    destination: siteName(['SITE_B', 'SITE_C', 'SITE_A'][i] ?? ''),
  }),
)
const config = loadConfig(producerConfig, {})

test('a load on the bus arrives whole, and so does one after it', async () => {
  const bus = new ScriptedBus()
  for (const total of [50, 100]) {
    const target = await openBusTarget({ bus, config })
    const report = await runLoad({ rate: 5000, seconds: 0.01, templates, target })
    await target.close()
    expect([report.sent, report.acknowledged]).toEqual([50, 50])
    // As a reader counts: what is not above the highest number of a recorder so far would be a repeat.
    expect(countedIds(bus.topics.get('dtms_transfers') ?? [])).toHaveLength(total)
  }
})

test('records that the bus never takes are counted and not waited for', async () => {
  const bus = new ScriptedBus()
  bus.refuse = () => new DtmsError('bus.refused', 'too large')
  const target = await openBusTarget({ bus, config })
  const report = await runLoad({ rate: 2000, seconds: 0.005, templates, target })
  await target.close()
  expect([report.sent, report.acknowledged, report.refused]).toEqual([10, 0, 10])
})

test('a load on the log is in the logs of its recorders when it is acknowledged', async () => {
  const { volume } = aVolume()
  const sites = ['LOAD_A', 'LOAD_B', 'LOAD_C'].map(siteName)
  const target = await openLogTarget({ volume, clock: systemClock, logger: silentLogger, sites })
  const report = await runLoad({ rate: 5000, seconds: 0.02, templates, target })
  await target.close()
  expect([report.sent, report.acknowledged]).toEqual([100, 100])
  const { entries, gaps } = await readAll(createTailer({ volume, stream: 'transfers', codec: transferCodec }))
  expect([entries.length, gaps]).toEqual([100, []])
  expect(new Set(entries.map(({ writer }) => writer))).toEqual(new Set(sites))
})
