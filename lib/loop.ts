/**
 * Repeats `work` until stopped. The work says how long to wait before the next turn, so that a reader can back off
 * while nothing happens. Errors go to `onError`, which also chooses the wait: a loop never dies silently.
 */
export interface Loop {
  /** Resolves when the turn that is under way has ended; no further turn starts. */
  stop(): Promise<void>
  /** Cuts the present wait short. */
  wake(): void
}

export function startLoop(work: () => Promise<number>, onError: (error: unknown) => number): Loop {
  let stopped = false
  let wakeUp: () => void = () => {}
  const running = (async () => {
    while (!stopped) {
      let waitMs: number
      try {
        waitMs = await work()
      } catch (error) {
        waitMs = onError(error)
      }
      if (stopped) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  })()
  return {
    wake: () => wakeUp(),
    async stop() {
      stopped = true
      wakeUp()
      await running
    },
  }
}
