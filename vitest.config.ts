import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/kafka/**', 'test/package/**', 'test/long/**', 'test/spark/**'],
    globalSetup: ['test/support/build.ts'],
    // Conditions are awaited with generous caps; a busy two-core machine must not turn a slow test into a failed one.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
