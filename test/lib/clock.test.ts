import { expect, test } from 'vitest'
import { DataClock, ManualClock, WorldClock } from '../../lib/clock.ts'

const origin = { worldStart: 1000, wallStart: 5000, speed: 10 }

test('world time runs at the speed of the world from its start', () => {
  const wall = new ManualClock(5000)
  const clock = new WorldClock(origin, wall)
  expect(clock.now()).toBe(1000)
  wall.advance(6)
  expect(clock.now()).toBe(1060)
})

test('a new speed holds from its world instant on and does not bend the past', () => {
  const wall = new ManualClock(5000)
  const clock = new WorldClock(origin, wall)
  clock.observeSpeed({ fromWorld: 1100, speed: 50 }) // wall 5010
  wall.jumpTo(5009)
  expect(clock.now()).toBe(1090)
  expect(clock.speed).toBe(10)
  wall.jumpTo(5012)
  expect(clock.now()).toBe(1200)
  expect(clock.speed).toBe(50)
})

test('a speed from before the newest change is ignored, so that reading the lines twice changes nothing', () => {
  const wall = new ManualClock(5020)
  const clock = new WorldClock(origin, wall)
  clock.observeSpeed({ fromWorld: 1100, speed: 50 })
  const once = clock.now()
  clock.observeSpeed({ fromWorld: 1100, speed: 50 })
  clock.observeSpeed({ fromWorld: 1050, speed: 2 })
  expect(clock.now()).toBe(once)
})

test('a wall that jumps moves world time but not the monotonic clock', () => {
  const wall = new ManualClock(5000)
  const clock = new WorldClock(origin, wall)
  const before = clock.monotonic()
  wall.jumpTo(0)
  expect(clock.now()).toBe(1000 - 50_000)
  expect(clock.monotonic()).toBe(before)
})

test('the end of the data only moves forward', () => {
  const clock = new DataClock(100)
  clock.observe(50)
  expect(clock.now()).toBe(100)
  clock.observe(150)
  expect(clock.now()).toBe(150)
})
