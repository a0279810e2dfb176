import { expect, test } from 'vitest'
import { systemClock } from '../../../lib/clock.ts'
import { loadConfig } from '../../../lib/config.ts'
import { DtmsError } from '../../../lib/errors.ts'
import { openLogWriter } from '../../../lib/log/writer.ts'
import { siteName } from '../../../lib/names.ts'
import { quarantineCodec } from '../../../lib/streams/codecs.ts'
import type { Volume } from '../../../lib/volume/volume.ts'
import { producerConfig } from '../../../streaming/config.ts'
import { ProducerMetrics } from '../../../streaming/producer/metrics.ts'
import { Publishing, WRITER } from '../../../streaming/producer/publishing.ts'
import { ProducerFile } from '../../../streaming/producer/saved.ts'
import { aTransfer, eventually } from '../../support/builders.ts'
import { aRecordingLogger } from '../../support/http.ts'
import { aVolume } from '../../support/log.ts'
import { ScriptedBus } from '../../support/scripted-bus.ts'
import { writeTransfers } from '../../support/streams.ts'

/** A volume on which files cannot be replaced while `full` is set. */
function aFillingVolume(volume: Volume): { volume: Volume; full: boolean } {
  const state = { full: false, volume }
  state.volume = new Proxy(volume, {
    get(target, name) {
      if (name === 'replace' && state.full) {
        return (path: string, ...rest: [Uint8Array, string?]) =>
          path.startsWith('checkpoints/')
            ? Promise.reject(new DtmsError('volume.full', 'no space left'))
            : target.replace(path, ...rest)
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return state
}

async function aPublishing(volume: Volume, bus: ScriptedBus) {
  const logger = aRecordingLogger()
  await bus.ensureTopics([{ topic: 'dtms_transfers', partitions: 3, replication: 1, retentionHours: 1 }])
  const publishing = await Publishing.open({
    ...{ volume, logger, bus, clock: systemClock, metrics: new ProducerMetrics(), fromBeginning: false },
    config: loadConfig(producerConfig, {
      ...{ DTMS_LOG_POLL_MS: '5', DTMS_PRODUCER_BATCH_MS: '5', DTMS_PRODUCER_CHECKPOINT_SECONDS: '0.05' },
    }),
    publisher: await bus.publisher(),
    ranges: (await bus.ranges('dtms_transfers')) ?? [],
    quarantine: await openLogWriter({
      ...{ volume, logger, clock: systemClock, stream: 'quarantine', writer: WRITER, codec: quarantineCodec },
    }),
  })
  if (publishing === 'recreated') throw new Error('the topic is not another one')
  return { publishing, logger, file: new ProducerFile({ volume, logger, topic: 'dtms_transfers', kind: 'kafka' }) }
}

test('the partition of a new link is on the volume before its first record goes out', async () => {
  const { volume } = aVolume()
  const filling = aFillingVolume(volume)
  filling.full = true
  await writeTransfers(volume, [aTransfer()])
  const bus = new ScriptedBus()
  const { publishing, file, logger } = await aPublishing(filling.volume, bus)
  await eventually(() => !publishing.healthy)
  await eventually(() => logger.lines.some(({ level }) => level === 'warn'))
  expect(bus.batches).toEqual([])
  filling.full = false
  await eventually(() => bus.records().length === 1)
  expect((await file.load()).state.links).toEqual([['SITE_A>SITE_B', bus.records()[0]?.partition]])
  await publishing.close()
})

test('a volume that is full holds nothing up for links that are known; the place is saved when there is room', async () => {
  const { volume } = aVolume()
  const filling = aFillingVolume(volume)
  await writeTransfers(volume, [aTransfer()])
  const bus = new ScriptedBus()
  const { publishing, file, logger } = await aPublishing(filling.volume, bus)
  await eventually(async () => (await file.load()).positions.get('transfers')?.size === 1)
  filling.full = true
  await writeTransfers(volume, [aTransfer(), aTransfer()])
  await eventually(() => bus.records().length === 3)
  await eventually(() => !publishing.healthy)
  expect((await file.load()).positions.get('transfers')?.get('SITE_A')?.seq).toBe(1)
  filling.full = false
  await eventually(() => publishing.healthy)
  expect((await file.load()).positions.get('transfers')?.get('SITE_A')?.seq).toBe(3)
  expect(logger.lines.filter(({ message }) => message === 'the place in the log cannot be saved')).toHaveLength(1)
  await publishing.close()
})

test('the saved place is behind everything that is not acknowledged, also where later partitions were faster', async () => {
  const { volume } = aVolume()
  const bus = new ScriptedBus()
  const stuck = 'SITE_A>SITE_B'
  let isStuck = true
  bus.refuse = (records) =>
    isStuck && records.some(({ key }) => key === stuck)
      ? new DtmsError('bus.refused', 'no rights', { retryable: true })
      : undefined
  const { publishing, file } = await aPublishing(volume, bus)
  const others = ['SITE_C', 'SITE_D', 'SITE_E', 'SITE_F'].map((name) => aTransfer({ destination: siteName(name) }))
  await writeTransfers(volume, [...others, aTransfer(), ...others])
  await eventually(() => publishing.outstanding > 0 && bus.underWay === 0 && bus.records().length > 2)
  expect((await file.load()).positions.get('transfers')?.get('SITE_A')).toBeUndefined()
  isStuck = false
  await eventually(() => bus.records().length === 9)
  await publishing.close()
  expect((await file.load()).positions.get('transfers')?.get('SITE_A')?.seq).toBe(9)
})
