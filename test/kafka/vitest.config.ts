import { defineConfig } from 'vitest/config'

/** Tests against a real broker, one file at a time: a broker and its clients fill two cores. */
export default defineConfig({
  test: {
    include: ['test/kafka/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/kafka-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
