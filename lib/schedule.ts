import { schedule, validate } from 'node-cron'

/** Runs `task` by a cron expression (five or six fields, UTC). A run that is still going when the next is due is not doubled. */
export function startSchedule(expression: string, task: () => Promise<void>): { stop(): Promise<void> } {
  const job = schedule(expression, task, { timezone: 'UTC', noOverlap: true })
  return {
    async stop() {
      await job.destroy()
    },
  }
}

export function isSchedule(expression: string): boolean {
  return validate(expression)
}
