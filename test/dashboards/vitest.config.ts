import { defineConfig } from 'vitest/config'

/** Every query of the dashboards against everything that runs for real. */
export default defineConfig({
  test: {
    include: ['test/dashboards/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/watched-stack-setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
