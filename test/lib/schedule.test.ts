import { expect, test } from 'vitest'
import { isSchedule, startSchedule } from '../../lib/schedule.ts'
import { eventually } from '../support/builders.ts'

test('a task runs by its expression until it is stopped', async () => {
  let runs = 0
  const job = startSchedule('* * * * * *', async () => {
    runs += 1
  })
  await eventually(() => runs >= 1)
  await job.stop()
})

test.each([
  ['*/10 * * * *', true],
  ['61 * * * *', false],
  ['soon', false],
])('%j is a schedule: %s', (expression, valid) => {
  expect(isSchedule(expression)).toBe(valid)
})
