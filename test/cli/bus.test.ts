import { expect, test } from 'vitest'
import { openBus, withOwnBus } from '../../cli/bus.ts'
import { loadConfig } from '../../lib/config.ts'
import { silentLogger } from '../../lib/logger.ts'
import { producerConfig } from '../../streaming/config.ts'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { aFolder } from '../support/builders.ts'
import { aProducer } from '../support/producers.ts'

test('a process of its own has a Kafka bus and is not connected before it is started; the memory bus is refused', () => {
  const bus = openBus(loadConfig(producerConfig, {}), 'dtms-test', silentLogger)
  expect([bus.kind, bus.connected]).toEqual(['kafka', false])
  expect(() => openBus(loadConfig(producerConfig, { DTMS_BUS: 'memory' }), 'dtms-test', silentLogger)).toThrow(
    'DTMS_BUS',
  )
})

test('a service with a bus of its own closes it after it has stopped', async () => {
  const bus = createMemoryBus()
  const service = withOwnBus(bus, (own) => aProducer(aFolder(), own).service)
  await service.start()
  expect(service.name).toBe('producer')
  expect(service.layers?.()).toMatchObject([{ layer: 'processing', messages: { published: 0 } }])
  await service.stop()
  await expect(bus.ranges('t')).rejects.toMatchObject({ code: 'bus.closed' })
})
