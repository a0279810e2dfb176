import { expect, test } from 'vitest'
import { startLoop } from '../../lib/loop.ts'
import { eventually } from '../support/builders.ts'

test('a loop goes on after an error, at the pace that the error handler asks for', async () => {
  let turns = 0
  const errors: unknown[] = []
  const loop = startLoop(
    async () => {
      turns += 1
      if (turns === 1) throw new Error('once')
      return 1
    },
    (error) => {
      errors.push(error)
      return 1
    },
  )
  await eventually(() => turns > 3)
  await loop.stop()
  expect(errors).toHaveLength(1)
})

test('stop waits for the turn under way and no other starts', async () => {
  let finished = 0
  const loop = startLoop(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      finished += 1
      return 0
    },
    () => 0,
  )
  await loop.stop()
  expect(finished).toBe(1)
})

test('a wake cuts a long wait short', async () => {
  let turns = 0
  const loop = startLoop(
    async () => {
      turns += 1
      return 3_600_000
    },
    () => 0,
  )
  await eventually(() => turns === 1)
  await eventually(() => {
    loop.wake()
    return turns >= 2
  })
  await loop.stop()
})
