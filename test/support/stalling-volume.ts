import { fileURLToPath, pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import { openVolume } from '../../lib/volume/open.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aFolder } from './builders.ts'

export interface StallingVolume {
  volume: Volume
  root: string
  /** From now on calls do not come back ... */
  hold(): void
  /** ... until now. */
  release(): void
  /** Threads that wait in a held call. */
  waiting(): number
}

/** A volume in a worker thread whose system calls (or only some of them) can be held up. */
export function aStallingVolume(deadlineMs: number, only?: string[]): StallingVolume {
  const root = aFolder()
  const held = new Int32Array(new SharedArrayBuffer(8))
  const volume = openVolume({
    root,
    deadlineMs,
    callsModule: pathToFileURL(fileURLToPath(new URL('./stalling-calls.js', import.meta.url))).href,
    callsData: { memory: held.buffer, only },
  })
  const release = () => {
    Atomics.store(held, 0, 0)
    Atomics.notify(held, 0)
  }
  onTestFinished(async () => {
    release()
    await volume.close()
  })
  return { volume, root, hold: () => void Atomics.store(held, 0, 1), release, waiting: () => Atomics.load(held, 1) }
}
