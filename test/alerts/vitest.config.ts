import { defineConfig } from 'vitest/config'

/** Alert rules, routes and their delivery, on real Prometheus and Alertmanager; one file at a time. */
export default defineConfig({
  test: {
    include: ['test/alerts/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/prometheus-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
