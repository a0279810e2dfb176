import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig, parse, setting } from '../../lib/config.ts'
import { aFolder } from '../support/builders.ts'

const definition = {
  service: 'test',
  settings: {
    port: setting({
      env: 'DTMS_PORT',
      aliases: ['PORT'],
      schema: parse.integer({ min: 0, max: 65_535 }),
      fallback: 8000,
      description: 'port',
    }),
    site: setting({ env: 'SITE_NAME', schema: parse.text(), description: 'the site' }),
    key: setting<string | undefined>({
      env: 'DTMS_API_KEY',
      schema: parse.text(),
      fallback: undefined,
      secret: true,
      description: 'key',
    }),
    live: setting({ env: 'DTMS_LIVE', schema: parse.boolean(), fallback: true, description: 'live' }),
  },
}

test('what is not set has its default, an empty variable counts as not set', () => {
  expect(loadConfig(definition, { SITE_NAME: 'SITE_A', DTMS_PORT: '' })).toMatchObject({
    port: 8000,
    site: 'SITE_A',
    live: true,
  })
})

test('the own name wins over an older one', () => {
  expect(loadConfig(definition, { SITE_NAME: 'A', PORT: '1', DTMS_PORT: '2' }).port).toBe(2)
  expect(loadConfig(definition, { SITE_NAME: 'A', PORT: '1' }).port).toBe(1)
})

test('all problems are named at once, each with its variable and what it got', () => {
  expect(() => loadConfig(definition, { DTMS_PORT: '65536', DTMS_LIVE: 'maybe' })).toThrow(
    expect.objectContaining({
      code: 'config.invalid',
      message: [
        '3 settings are wrong for test:',
        '  DTMS_PORT: must be a whole number >= 0 <= 65535, got "65536"',
        '  SITE_NAME: is required (the site)',
        '  DTMS_LIVE: must be true or false, got "maybe"',
      ].join('\n'),
    }),
  )
})

test.each([
  ['0', 0],
  ['65535', 65_535],
])('port %s is accepted', (text, value) => {
  expect(loadConfig(definition, { SITE_NAME: 'A', DTMS_PORT: text }).port).toBe(value)
})

test.each(['-1', '65536', '1.5', 'abc', 'Infinity', ' ', '0x'])('port %j is refused', (text) => {
  expect(() => loadConfig(definition, { SITE_NAME: 'A', DTMS_PORT: text })).toThrow('DTMS_PORT')
})

test('a secret comes from a file too, and is never shown', () => {
  const path = join(aFolder(), 'key')
  writeFileSync(path, 'from-a-file\n')
  expect(loadConfig(definition, { SITE_NAME: 'A', DTMS_API_KEY_FILE: path }).key).toBe('from-a-file')
  const secret = 'x'.repeat(1025)
  expect(() => loadConfig(definition, { SITE_NAME: 'A', DTMS_API_KEY: secret })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('xxx') }),
  )
})

test('a key file that is not there is a problem of its own', () => {
  expect(() => loadConfig(definition, { SITE_NAME: 'A', DTMS_API_KEY_FILE: '/does/not/exist' })).toThrow(
    'DTMS_API_KEY_FILE: cannot be read (ENOENT)',
  )
})
