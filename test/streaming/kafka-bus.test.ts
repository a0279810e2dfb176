import { expect, it } from 'vitest'
import { aKafkaBus } from '../support/kafka.ts'

it('opens nothing before it is used, and nothing at all once closed', async () => {
  const bus = aKafkaBus({ brokers: ['127.0.0.1:1'] })
  expect([bus.kind, bus.connected]).toEqual(['kafka', false])
  await bus.close()
  const closed = { code: 'bus.closed' }
  await expect(bus.ranges('t')).rejects.toMatchObject(closed)
  await expect(bus.publisher()).rejects.toMatchObject(closed)
  await expect(bus.ensureTopics([])).rejects.toMatchObject(closed)
})
