// The system's calls for a volume thread, but each waits while a test holds them: a server that has gone away.
import { systemCalls } from '../../dist/lib/volume/calls.js'

/** `held[0]` is 1 while calls must wait; `held[1]` counts those that do. */
export function createCalls({ memory, only }) {
  const held = new Int32Array(memory)
  const calls = { ...systemCalls }
  for (const [name, call] of Object.entries(systemCalls)) {
    if (only !== undefined && !only.includes(name)) continue
    calls[name] = (...args) => {
      if (Atomics.load(held, 0) === 1) {
        Atomics.add(held, 1, 1)
        while (Atomics.load(held, 0) === 1) Atomics.wait(held, 0, 1, 1000)
        Atomics.sub(held, 1, 1)
      }
      // No machine fails in these tests, and a busy disk must not look like a stalled one.
      return name.endsWith('sync') ? undefined : call(...args)
    }
  }
  return calls
}
