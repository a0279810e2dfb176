import { defineConfig } from 'vitest/config'

/** The windows on Spark against a real broker: apart from the others, because both have to be fetched. */
export default defineConfig({
  test: {
    include: ['test/spark/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/kafka-setup.ts', 'test/support/spark-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
