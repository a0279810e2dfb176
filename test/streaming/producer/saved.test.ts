import { expect, test } from 'vitest'
import { openCheckpoint } from '../../../lib/log/checkpoint.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { ProducerFile } from '../../../streaming/producer/saved.ts'
import { aVolume } from '../../support/log.ts'

const positions = new Map([
  ['transfers', new Map([['SITE_A', { segment: '000001-000001.ndjson', offset: 10, seq: 2 }]])],
])

test('what was saved for a topic is loaded again; another bus of the same topic gets its links and no place', async () => {
  const { volume } = aVolume()
  const file = (kind: 'kafka' | 'memory', topic = 'a.topic') =>
    new ProducerFile({ volume, logger: silentLogger, topic, kind })
  const links: [string, number][] = [['SITE_A>SITE_B', 2]]
  const state = { links, ends: [[2, 7]] as [number, number][] }
  expect(await file('kafka').load()).toEqual({ positions: new Map(), state: { links: [], ends: [] } })
  await file('kafka').save({ positions, state })
  expect(await file('kafka').load()).toEqual({ positions, state })
  expect(await file('memory').load()).toEqual({ positions: new Map(), state: { links, ends: [] } })
  expect(await file('kafka', 'another').load()).toEqual({ positions: new Map(), state: { links: [], ends: [] } })
})

test('a file of a newer release is refused, never passed over', async () => {
  const { volume } = aVolume()
  const file = new ProducerFile({ volume, logger: silentLogger, topic: 't', kind: 'kafka' })
  await file.save({ positions, state: { links: [], ends: [] } })
  const newer = openCheckpoint({ volume, logger: silentLogger, service: 'producer', reader: 'kafka-t', version: 2 })
  await newer.save({ positions, state: {} })
  await expect(file.load()).rejects.toMatchObject({ code: 'checkpoint.invalid' })
})
