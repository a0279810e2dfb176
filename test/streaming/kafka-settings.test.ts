import { expect, it } from 'vitest'
import { loadConfig } from '../../lib/config.ts'
import { streamConfig } from '../../streaming/config.ts'
import { busSettings } from '../../streaming/kafka-settings.ts'

const definition = { service: 'bus', settings: busSettings }

it.each(['DTMS_KAFKA_BROKERS', 'KAFKA_BROKERS', 'BOOTSTRAP_SERVERS'])('brokers come from %s', (name) => {
  expect(loadConfig(definition, { [name]: 'a:9092, b:9092' }).brokers).toEqual(['a:9092', 'b:9092'])
})

it('the brokers are those of the service dtms-kafka when nobody says', () => {
  expect(loadConfig(definition, {}).brokers).toEqual(['dtms-kafka:9092'])
})

it.each(['', 'a'.repeat(250), 'with space', '..', 'a/b'])('%j is not the name of a topic', (name) => {
  const attempt = () => loadConfig(definition, { DTMS_KAFKA_TRANSFERS_TOPIC: name })
  if (name === '') expect(attempt().transfersTopic).toBe('dtms_transfers')
  else expect(attempt).toThrow('DTMS_KAFKA_TRANSFERS_TOPIC')
})

it('the older names of window and threshold hold, and 1000 and 3 when nobody says', () => {
  expect(loadConfig(streamConfig, {})).toMatchObject({ zscoreWindow: 1000, zscoreThreshold: 3 })
  expect(loadConfig(streamConfig, { WINDOW_SIZE: '100', ZSCORE_THRESHOLD: '2.5' })).toMatchObject({
    zscoreWindow: 100,
    zscoreThreshold: 2.5,
  })
})
