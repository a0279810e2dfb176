import { expect, it } from 'vitest'
import { Reach } from '../../../streaming/kafka/reach.ts'
import { eventually } from '../../support/builders.ts'
import { aLogger } from '../../support/logger.ts'

it('an absence is said once, and its end', async () => {
  const { logger, lines } = aLogger()
  const reach = new Reach(logger, ['b:1'], 20)
  reach.failed('refused')
  reach.failed('refused')
  expect([reach.connected, lines.length]).toEqual([false, 1])
  reach.answered()
  reach.answered()
  expect([reach.connected, lines.map(({ level }) => level)]).toEqual([true, ['warn', 'info']])
  reach.failed('closed')
  expect(reach.connected).toBe(true)
  await eventually(() => !reach.connected)
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn'])
  reach.close()
})

it('one failure among answers is no absence', () => {
  const { logger, lines } = aLogger()
  const reach = new Reach(logger, ['b:1', 'b:2'])
  reach.answered()
  reach.failed('one of two is away')
  reach.answered()
  expect([reach.connected, lines]).toEqual([true, []])
  reach.close()
})
