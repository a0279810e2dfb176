import { Metrics, type MetricsRegistry } from '../metrics.ts'
import { type CgroupPlaces, findCgroups, kernelPlaces } from './folders.ts'
import { type CgroupUsage, readUsage } from './usage.ts'

/**
 * What this process's own control group allows it and what it has used of that, read at every scrape. No rights in the
 * cluster are needed for it. What the kernel does not tell or does not limit is absent, not zero.
 */
export function createLimitMetrics(places: CgroupPlaces = kernelPlaces): MetricsRegistry {
  const metrics = new Metrics()
  const found = findCgroups(places)
  let usage: CgroupUsage = {}
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    metrics.gauge({ name, help }, (one) => {
      one.remove()
      const now = value()
      if (now !== undefined) one.set(now)
    })
  const counter = (name: string, help: string, value: () => number | undefined) =>
    metrics.counter({ name, help }, (one) => {
      one.remove()
      const now = value()
      if (now !== undefined) one.inc(now)
    })

  // The first one reads for all.
  gauge('dtms_limit_memory_bytes', 'Memory limit of the control group, bytes; absent without one', () => {
    usage = found === undefined ? {} : readUsage(found)
    return usage.memoryLimitBytes
  })
  gauge(
    'dtms_limit_memory_used_bytes',
    'Working set of the control group, bytes: charged memory without inactive cached file pages; absent outside of one',
    () => usage.memoryUsedBytes,
  )
  gauge(
    'dtms_limit_memory_peak_bytes',
    'Most memory ever charged to the control group, bytes, cached file pages included; absent where the kernel does not tell',
    () => usage.memoryPeakBytes,
  )
  gauge('dtms_limit_cpu_cores', 'CPU limit of the control group, cores; absent without one', () => usage.cpuLimitCores)
  counter(
    'dtms_limit_cpu_used_seconds_total',
    'CPU time used by the control group, seconds; absent outside of one',
    () => usage.cpuUsedSeconds,
  )
  counter(
    'dtms_limit_cpu_periods_total',
    'Scheduling periods in which the control group ran; absent without a CPU limit',
    () => usage.cpuPeriods,
  )
  counter(
    'dtms_limit_cpu_throttled_periods_total',
    'Scheduling periods in which the control group was stopped at its CPU limit; absent without one',
    () => usage.cpuThrottledPeriods,
  )
  counter(
    'dtms_limit_cpu_throttled_seconds_total',
    'Time for which the control group was stopped at its CPU limit, seconds, summed over its processors; absent without one',
    () => usage.cpuThrottledSeconds,
  )
  counter(
    'dtms_limit_oom_kills_total',
    'Processes of the control group that the kernel ended for want of memory; absent where it does not tell',
    () => usage.oomKills,
  )
  return metrics.registry
}
