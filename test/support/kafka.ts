import { onTestFinished } from 'vitest'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { Bus } from '../../streaming/bus.ts'
import { createKafkaBus, type KafkaBusConfig } from '../../streaming/kafka-bus.ts'
import { type Broker, type BrokerOptions, startBroker } from './kafka-broker.ts'

/** A broker of its own, stopped when the test has ended. */
export async function aBroker(options: BrokerOptions = {}): Promise<Broker> {
  const broker = await startBroker(options)
  onTestFinished(() => broker.stop())
  return broker
}

/** The settings of a bus: defaults, short times, and what the test needs. */
export function busConfig(changes: Partial<KafkaBusConfig> = {}): KafkaBusConfig {
  const defaults = {
    bus: 'kafka' as const,
    brokers: [] as string[],
    transfersTopic: 'dtms_transfers',
    partitions: 3,
    replication: 1,
    topicRetentionHours: 1,
    tls: false,
    tlsCaFile: undefined,
    tlsCertFile: undefined,
    tlsKeyFile: undefined,
    saslMechanism: undefined,
    saslUsername: undefined,
    saslPassword: undefined,
  }
  return { ...defaults, clientId: 'dtms-test', sessionTimeoutMs: 6000, heartbeatMs: 500, ...changes }
}

/** A bus on that broker, closed when the test has ended. */
export function aKafkaBus(changes: Partial<KafkaBusConfig>, logger: Logger = silentLogger): Bus {
  const bus = createKafkaBus(busConfig(changes), logger)
  onTestFinished(() => bus.close())
  return bus
}
