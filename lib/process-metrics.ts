import { createLimitMetrics } from './cgroup/metrics.ts'
import { createLayerMetrics } from './layers.ts'
import { createProcessMetrics, type MetricsRegistry } from './metrics.ts'
import type { Service } from './service.ts'
import { version } from './version.ts'
import { createVolumeMetrics } from './volume/metrics.ts'
import type { Volume } from './volume/volume.ts'

export interface MeasuredProcess {
  /** The one that every service of this process has to use. */
  volume: Volume
  /** What belongs to the process and to none of its services. */
  registries: readonly MetricsRegistry[]
}

/**
 * Everything that is measured once a process, whoever runs in it. The services are asked for at each scrape, because they
 * are wired later than what they are given.
 */
export function measureProcess(volume: Volume, services: () => readonly Service[]): MeasuredProcess {
  const measured = createVolumeMetrics(volume)
  return {
    volume: measured.volume,
    registries: [
      createProcessMetrics(version),
      createLimitMetrics(),
      measured.registry,
      createLayerMetrics(() => services().flatMap((service) => service.layers?.() ?? [])),
    ],
  }
}
