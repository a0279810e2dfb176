import { expect, test } from 'vitest'
import { Latencies } from '../../streaming/latency.ts'

test('quantiles are right within 5 %', () => {
  const latencies = new Latencies()
  for (let i = 1; i <= 1000; i += 1) latencies.add(i / 1000)
  for (const q of [0.5, 0.9, 0.99]) expect(Math.abs((latencies.quantile(q) ?? 0) / q - 1)).toBeLessThan(0.05)
  expect(latencies.count).toBe(1000)
})

test('nothing, too little and too much are no trouble', () => {
  const latencies = new Latencies()
  expect(latencies.quantile(0.5)).toBeUndefined()
  for (const odd of [0, -1, 1e9, Number.POSITIVE_INFINITY, Number.NaN]) latencies.add(odd)
  expect(latencies.count).toBe(5)
  latencies.reset()
  expect(latencies.quantile(0.5)).toBeUndefined()
})

test('one number can stand for many', () => {
  const latencies = new Latencies()
  latencies.add(0.001, 99)
  latencies.add(5)
  expect(latencies.quantile(0.99)).toBeCloseTo(0.001, 4)
  expect(latencies.quantile(1)).toBeGreaterThan(4)
})
