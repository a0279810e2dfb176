import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/alerts/**',
      'test/browser/**',
      'test/cluster/**',
      'test/dashboards/**',
      'test/kafka/**',
      'test/limits/**',
      'test/long/**',
      'test/manifests/**',
      'test/package/**',
      'test/spark/**',
    ],
    globalSetup: ['test/support/build.ts'],
    // Conditions are awaited with generous caps; a busy two-core machine must not turn a slow test into a failed one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // One more than the cores of the smallest machine: many tests wait for processes and pauses.
    maxWorkers: 3,
    // Files share a process and its modules; loading these anew for each file took a third of the time. No file may leave
    // anything behind that another could meet.
    isolate: false,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
