import { DtmsError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { Service } from '../lib/service.ts'
import type { Bus } from '../streaming/bus.ts'
import { createKafkaBus, type KafkaBusConfig } from '../streaming/kafka-bus.ts'

/**
 * The bus of a process that has one to itself. Opens nothing.
 * @throws DtmsError `config.invalid` for the memory bus, which nobody else could reach
 */
export function openBus(config: Omit<KafkaBusConfig, 'clientId'>, clientId: string, logger: Logger): Bus {
  if (config.bus === 'memory') {
    throw new DtmsError('config.invalid', 'wrong settings:\n  DTMS_BUS: memory is only for `dtms up`', {
      hint: 'leave DTMS_BUS out and name the brokers with DTMS_KAFKA_BROKERS, or use `dtms up`',
    })
  }
  return createKafkaBus({ ...config, clientId }, logger)
}

/** A service that runs alone: its bus is closed after it has stopped. */
export function withOwnBus(bus: Bus, create: (bus: Bus) => Service): Service {
  const service = create(bus)
  return {
    name: service.name,
    get registry() {
      return service.registry
    },
    ...(service.failed === undefined ? {} : { failed: service.failed }),
    ...(service.healthzIsReadiness === undefined ? {} : { healthzIsReadiness: service.healthzIsReadiness }),
    layers: () => service.layers?.() ?? [],
    checks: () => service.checks(),
    start: () => service.start(),
    async stop() {
      await service.stop()
      await bus.close()
    },
  }
}
