import { expect, it } from 'vitest'
import { newsBegins } from '../../../lib/staleness/creation.ts'
import { NOON } from '../../support/builders.ts'

it.each([
  ['no world', undefined, undefined],
  ['a finished one', { backfillUntil: NOON, speed: 0 }, undefined],
  ['one in real time', { backfillUntil: NOON, speed: 1 }, NOON + 10],
  ['a fast one, where ten seconds are long', { backfillUntil: NOON, speed: 50 }, NOON + 500],
])('silence is news after the past of %s has been written', (_name, world, instant) => {
  expect(newsBegins(world)).toBe(instant)
})
