import { afterAll, beforeAll, describe } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { createKafkaBus } from '../../streaming/kafka-bus.ts'
import { busContract } from '../contracts/bus.contract.ts'
import { busConfig } from '../support/kafka.ts'
import { type Broker, startBroker } from '../support/kafka-broker.ts'
import { noKafka } from '../support/kafka-parts.ts'

describe.skipIf(noKafka() !== undefined)('on a real broker', () => {
  let broker: Broker | undefined
  beforeAll(async () => {
    broker = await startBroker()
  })
  afterAll(() => broker?.stop())

  busContract({
    name: 'kafka',
    make: async () => createKafkaBus(busConfig({ brokers: broker?.brokers ?? [] }), silentLogger),
  })
})
