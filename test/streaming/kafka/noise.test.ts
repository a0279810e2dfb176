import { expect, it } from 'vitest'
import { clientLog } from '../../../streaming/kafka/noise.ts'
import { aLogger } from '../../support/logger.ts'

const line = (label: string, message: string, more: Record<string, unknown> = {}) => ({
  ...{ namespace: 'Connection', label, log: { message, ...more } },
})

it('what an absence brings with it is for debugging; another error is a warning, once a minute', () => {
  const { logger, lines } = aLogger()
  let now = 0
  const say = clientLog(logger, () => now)
  const levels = () => lines.splice(0).map(({ level }) => level)
  say(line('ERROR', 'Connection error: connect ECONNREFUSED'))
  say(line('WARN', 'something odd'))
  say(line('ERROR', 'something odd'))
  now = 59_999
  say(line('ERROR', 'something odd'))
  now = 60_000
  say(line('ERROR', 'something odd'))
  expect(levels()).toEqual(['debug', 'debug', 'warn', 'debug', 'warn'])
})

it('passes on nothing that may hold a request', () => {
  const { logger, lines } = aLogger()
  const say = clientLog(logger, () => 0)
  say(line('ERROR', 'something odd', { broker: 'b:1', sasl: { password: 'secret' }, stack: 'secret' }))
  expect(lines).toEqual([
    { level: 'warn', message: 'kafka client', fields: { client: 'Connection', broker: 'b:1', said: 'something odd' } },
  ])
})
