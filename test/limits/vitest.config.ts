import { defineConfig } from 'vitest/config'

/** Every workload at once inside the limits of its manifest; nothing else may need the machine meanwhile. */
export default defineConfig({
  test: {
    include: ['test/limits/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/limits-setup.ts'],
    hookTimeout: 3_600_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
