import { expect, test } from 'vitest'
import { workerEntry } from '../../lib/worker-entry.ts'

const root = new URL('../..', import.meta.url).href

test('a compiled caller finds the compiled worker beside itself', () => {
  expect(workerEntry('file:///app/dist/lib/volume/thread.js', './worker.ts').href).toBe(
    'file:///app/dist/lib/volume/worker.js',
  )
})

test('a caller that runs from its source finds it below dist', () => {
  expect(workerEntry(`${root}lib/volume/thread.ts`, './worker.ts').href).toBe(`${root}dist/lib/volume/worker.js`)
  expect(workerEntry(`${root}anomaly/host.ts`, './worker.ts').href).toBe(`${root}dist/anomaly/worker.js`)
})
