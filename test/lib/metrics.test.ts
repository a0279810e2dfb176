import { expect, test } from 'vitest'
import { createProcessMetrics, exposition, LabelCap, Metrics } from '../../lib/metrics.ts'

test('a gauge is computed when it is scraped', async () => {
  const metrics = new Metrics()
  let age = 1
  metrics.gauge({ name: 'dtms_age_seconds', help: 'Age' }, (gauge) => gauge.set(age))
  expect(await exposition([metrics.registry])).toContain('dtms_age_seconds 1')
  age = 2
  expect(await exposition([metrics.registry])).toContain('dtms_age_seconds 2')
})

test('the exposition of several registries is one valid text', async () => {
  const one = new Metrics()
  one.counter({ name: 'dtms_one_total', help: 'One' }).inc()
  const text = await exposition([one.registry, createProcessMetrics('1.2.3'), new Metrics().registry])
  expect(text).toContain('dtms_one_total 1\n')
  expect(text).toContain('dtms_build_info{version="1.2.3"} 1')
  expect(text.endsWith('\n')).toBe(true)
  expect(text).not.toContain('\n\n\n')
})

test('CPU time is counted and never falls', async () => {
  const registry = createProcessMetrics('1.2.3')
  const read = async () => Number(/^process_cpu_seconds_total (.*)$/m.exec(await registry.metrics())?.[1])
  const before = await read()
  let roots = 0
  for (let i = 0; i < 2e7; i += 1) roots += Math.sqrt(i)
  expect(roots).toBeGreaterThan(0)
  expect(before).toBeGreaterThan(0)
  expect(await read()).toBeGreaterThan(before)
})

test('a blocked event loop shows in the scrape that follows, and only there', async () => {
  const registry = createProcessMetrics('1.2.3')
  const read = async () => Number(/^dtms_event_loop_delay_seconds (.*)$/m.exec(await registry.metrics())?.[1])
  await read()
  const end = performance.now() + 600
  while (performance.now() < end);
  // The look that was due meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 1))
  const blocked = await read()
  expect(blocked).toBeGreaterThan(0.5)
  // Nothing has been seen since, or something else: not the same again.
  expect(await read()).not.toBe(blocked)
})

test('label values beyond the cap share one series, known ones keep theirs', () => {
  const cap = new LabelCap(2)
  expect(['A', 'B', 'C', 'A'].map((value) => cap.label(value))).toEqual(['A', 'B', '_other', 'A'])
})

test('a plain histogram prints what it counted, as a histogram does', async () => {
  const metrics = new Metrics()
  const histogram = metrics.plainHistogram({ name: 'dtms_wait_seconds', help: 'Wait' }, [0.1, 1])
  histogram.add(0.1)
  histogram.add(0.5, 2)
  histogram.add(7)
  expect((await exposition([metrics.registry])).split('\n').slice(2, 7)).toEqual([
    'dtms_wait_seconds_bucket{le="0.1"} 1',
    'dtms_wait_seconds_bucket{le="1"} 3',
    'dtms_wait_seconds_bucket{le="+Inf"} 4',
    'dtms_wait_seconds_sum 8.1',
    'dtms_wait_seconds_count 4',
  ])
})
