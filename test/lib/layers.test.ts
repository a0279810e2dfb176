import { expect, test } from 'vitest'
import { createLayerMetrics, type LayerReport } from '../../lib/layers.ts'
import { exposition, Tally } from '../../lib/metrics.ts'

async function shown(reports: readonly LayerReport[]): Promise<string[]> {
  const text = await exposition([createLayerMetrics(() => reports)])
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('what several services say of one layer is added up', async () => {
  const publish = new Tally([1])
  publish.add(0.5)
  const lines = await shown([
    { layer: 'processing', messages: { published: 7, failed: 1 }, stages: { publish } },
    {
      layer: 'processing',
      messages: { received: 5, processed: 4, failed: 1 },
      validationFailures: new Map([['crc', 1]]),
    },
    { layer: 'storage', messages: { processed: 9 }, validationFailures: new Map([['crc', 2]]) },
  ])
  expect(lines).toEqual([
    'dtms_layer_messages_total{layer="processing",result="published"} 7',
    'dtms_layer_messages_total{layer="processing",result="failed"} 2',
    'dtms_layer_messages_total{layer="processing",result="received"} 5',
    'dtms_layer_messages_total{layer="processing",result="processed"} 4',
    'dtms_layer_messages_total{layer="storage",result="processed"} 9',
    'dtms_layer_validation_failures_total{layer="processing",error_type="crc"} 1',
    'dtms_layer_validation_failures_total{layer="storage",error_type="crc"} 2',
    'dtms_layer_stage_seconds_bucket{le="1",layer="processing",stage="publish"} 1',
    'dtms_layer_stage_seconds_bucket{le="+Inf",layer="processing",stage="publish"} 1',
    'dtms_layer_stage_seconds_sum{layer="processing",stage="publish"} 0.5',
    'dtms_layer_stage_seconds_count{layer="processing",stage="publish"} 1',
  ])
})

test('totals are read at every scrape and not added to the last', async () => {
  let processed = 3
  const registry = createLayerMetrics(() => [{ layer: 'storage', messages: { processed } }])
  await exposition([registry])
  processed = 4
  expect(await exposition([registry])).toContain('dtms_layer_messages_total{layer="storage",result="processed"} 4')
})

test('a process without layers shows only the names', async () => {
  expect(await shown([])).toEqual([])
})
