import { expect, onTestFinished, test } from 'vitest'
import { exposition } from '../../../lib/metrics.ts'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import { createVolumeMetrics } from '../../../lib/volume/metrics.ts'
import { aFolder, eventually } from '../../support/builders.ts'

test('calls, health and capacity of the volume are exposed', async () => {
  const { volume, registry } = createVolumeMetrics(createInlineVolume({ root: aFolder() }))
  onTestFinished(() => volume.close())
  const text = () => exposition([registry])
  const before = await text()
  expect(before).toContain('dtms_volume_calls_total{kind="write",result="failed"} 0')
  expect(before).not.toMatch(/^dtms_volume_size_bytes /m)
  await volume.replace('a', Buffer.from('1'))
  await expect(volume.read('..', 0, 1)).rejects.toThrow()
  await eventually(async () => /^dtms_volume_size_bytes \d+/m.test(await text()))
  const after = await text()
  expect(after).toContain('dtms_volume_calls_total{kind="write",result="ok"} 1')
  expect(after).toContain('dtms_volume_calls_total{kind="read",result="failed"} 1')
  expect(after).toContain('dtms_volume_call_seconds_count{kind="read"} 1')
  expect(after).toMatch(/^dtms_volume_call_seconds_bucket\{le="5",kind="write"\} 1$/m)
  expect(after).toMatch(/^dtms_volume_available_bytes \d+/m)
  expect(after).toContain('dtms_volume_healthy 1')
})
