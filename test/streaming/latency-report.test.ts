import { expect, test } from 'vitest'
import { Latencies } from '../../streaming/latency.ts'
import { LatencyReport } from '../../streaming/latency-report.ts'

function aReport(level: 'info' | 'debug' = 'info') {
  const latencies = { internal: new Latencies(), endToEnd: new Latencies() }
  const lines: { level: string; fields: unknown }[] = []
  const clock = { now: 0 }
  const report = new LatencyReport({
    latencies,
    level,
    now: () => clock.now,
    logger: {
      info: (_message, fields) => lines.push({ level: 'info', fields }),
      debug: (_message, fields) => lines.push({ level: 'debug', fields }),
    },
  })
  const add = (records: number): void => {
    latencies.internal.add(0.002, records)
    latencies.endToEnd.add(0.02, records)
  }
  return { report, lines, clock, add }
}

test.each([
  { records: 999, afterMs: 9999, lines: 0 },
  { records: 1000, afterMs: 0, lines: 1 },
  { records: 1, afterMs: 10_000, lines: 1 },
  { records: 0, afterMs: 60_000, lines: 0 },
])('$records records after $afterMs ms: $lines lines', ({ records, afterMs, lines }) => {
  const made = aReport()
  if (records > 0) made.add(records)
  made.clock.now = afterMs
  made.report.reportWhenDue()
  expect(made.lines).toHaveLength(lines)
})

test('a line has three quantiles of both latencies, and the next begins anew', () => {
  const { report, lines, add } = aReport('debug')
  add(1000)
  report.reportWhenDue()
  report.report()
  const [line] = lines
  expect(lines).toHaveLength(1)
  expect(line).toMatchObject({ level: 'debug', fields: { records: 1000, internal_ms: {}, end_to_end_ms: {} } })
  const { end_to_end_ms } = (line?.fields ?? {}) as { end_to_end_ms: { p50: number; p90: number; p99: number } }
  for (const value of Object.values(end_to_end_ms)) expect(Math.abs(value / 20 - 1)).toBeLessThan(0.05)
})
