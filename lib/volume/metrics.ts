import { Metrics, type MetricsRegistry, Tally } from '../metrics.ts'
import { CapacityWatch } from './capacity.ts'
import { type CallCounts, type CallKind, measureVolume } from './measured.ts'
import type { Volume } from './volume.ts'

/** From half of what a local disk needs to the deadline of a call, seconds. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

const kinds: readonly CallKind[] = ['read', 'write']

/** The metrics of the volume of a process, and the volume that it has to use for them to be true. */
export function createVolumeMetrics(volume: Volume): { volume: Volume; registry: MetricsRegistry } {
  const metrics = new Metrics()
  const aKind = (): CallCounts => ({ ok: 0, failed: 0, seconds: new Tally(CALL_BUCKETS) })
  const counts: Record<CallKind, CallCounts> = { read: aKind(), write: aKind() }
  const capacity = new CapacityWatch(volume)
  const size = (name: string, help: string, value: () => number | undefined) =>
    metrics.gauge({ name, help: `${help}; at most 10 s old, absent while it does not answer` }, (gauge) => {
      gauge.remove()
      const now = value()
      if (now !== undefined) gauge.set(now)
    })
  size(
    'dtms_volume_size_bytes',
    'Size of the file system of the data directory, bytes',
    () => capacity.now()?.totalBytes,
  )
  size(
    'dtms_volume_available_bytes',
    'What DTMS may still write to the file system of the data directory, bytes',
    () => capacity.now()?.availableBytes,
  )
  metrics.gauge(
    { name: 'dtms_volume_healthy', help: '1 while calls to the volume come back in time, 0 while one is stuck' },
    (gauge) => gauge.set(volume.healthy ? 1 : 0),
  )
  metrics.counter(
    {
      name: 'dtms_volume_calls_total',
      help: 'Calls to the volume that have come back, by kind (read, write) and result (ok, failed)',
      labels: ['kind', 'result'],
    },
    (counter) => {
      counter.reset()
      for (const kind of kinds) {
        counter.inc({ kind, result: 'ok' }, counts[kind].ok)
        counter.inc({ kind, result: 'failed' }, counts[kind].failed)
      }
    },
  )
  metrics.tallyHistogram(
    {
      name: 'dtms_volume_call_seconds',
      help: 'Time from asking the volume until its answer, seconds, by kind; a write includes its sync',
      labels: ['kind'],
    },
    () => kinds.map((kind) => ({ labels: { kind }, tally: counts[kind].seconds })),
  )
  return { volume: measureVolume(volume, counts), registry: metrics.registry }
}
