import { expect, onTestFinished, test } from 'vitest'
import { exposition, Metrics } from '../../lib/metrics.ts'
import { measureProcess } from '../../lib/process-metrics.ts'
import type { Service } from '../../lib/service.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFolder } from '../support/builders.ts'

test('process, limits, volume and layers are measured once, for services that are wired later', async () => {
  const services: Service[] = []
  const { volume, registries } = measureProcess(createInlineVolume({ root: aFolder() }), () => services)
  onTestFinished(() => volume.close())
  services.push({
    ...{ name: 'one', registry: new Metrics().registry, checks: () => ({}) },
    ...{ start: async () => {}, stop: async () => {} },
    layers: () => [{ layer: 'collection', messages: { received: 2 } }],
  })
  await volume.list('a')
  const text = await exposition(registries)
  for (const name of ['process_cpu_seconds_total', 'dtms_limit_memory_bytes', 'dtms_layer_stage_seconds'])
    expect(text.match(new RegExp(`^# TYPE ${name} `, 'gm'))).toHaveLength(1)
  expect(text).toContain('dtms_volume_calls_total{kind="read",result="ok"} 1')
  expect(text).toContain('dtms_layer_messages_total{layer="collection",result="received"} 2')
})
