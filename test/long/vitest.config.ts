import { defineConfig } from 'vitest/config'

/** Runs of half an hour and more; their printed results are kept in docs/measurements.md. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/kafka-setup.ts', 'test/support/limits-setup.ts'],
    testTimeout: 4 * 3_600_000,
    hookTimeout: 3_600_000,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
