import { defineConfig } from 'vitest/config'

/** Tests against a real control plane with simulated nodes, one file at a time: it fills two cores. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/cluster-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
