import { defineConfig } from 'vitest/config'

/** Manifests as clusters and their tools read them: schemas, lint, kustomize, Helm, and the image that they start. */
export default defineConfig({
  test: {
    include: ['test/manifests/**/*.test.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/manifest-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
