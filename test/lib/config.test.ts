import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig, parse, setting, settingsHint } from '../../lib/config.ts'
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
    'DTMS_API_KEY_FILE: /does/not/exist cannot be read (ENOENT; in a cluster: key api-key of Secret dtms-api-key)',
  )
})

test.each([
  ['nothing of it', {}, ['DTMS_PORT', 'SITE_NAME', 'DTMS_API_KEY', 'DTMS_ELSEWHERE']],
  ['an empty value', { DTMS_PORT: '', SITE_NAME: 'A', DTMS_API_KEY: 'k', DTMS_ELSEWHERE: 'x' }, ['DTMS_PORT']],
  ['an older name', { PORT: '1', SITE_NAME: 'A', DTMS_API_KEY: 'k', DTMS_ELSEWHERE: 'x' }, []],
])('of the settings that a deployment counts on every missing one is named: %s', (_, env, missing) => {
  const promised = { DTMS_REQUIRED_SETTINGS: 'DTMS_PORT, SITE_NAME,DTMS_API_KEY,DTMS_ELSEWHERE', ...env }
  let lines: string[] = []
  try {
    loadConfig(definition, promised)
  } catch (error) {
    lines = error instanceof Error ? error.message.split('\n').slice(1) : []
  }
  expect(lines.map((line) => line.trim().split(':')[0])).toEqual(missing)
  for (const line of lines) expect(line).toContain('counts on it (in a cluster: ')
})

test('a missing setting says which key of which ConfigMap or Secret brings it', () => {
  const messageFor = (name: string): string => {
    try {
      loadConfig({ service: 'x', settings: {} }, { DTMS_REQUIRED_SETTINGS: name })
    } catch (error) {
      if (error instanceof Error) return error.message
    }
    return ''
  }
  expect(messageFor('DTMS_HOST')).toContain('key DTMS_HOST of ConfigMap dtms-settings')
  expect(messageFor('DTMS_API_KEY')).toContain('key api-key of Secret dtms-api-key')
  expect(messageFor('SITE_NAME')).toContain('env of the Deployment')
})

test('a secret that is promised may come as a file, and one that is not there is named with its path', () => {
  const file = join(aFolder(), 'api-key')
  const env = { SITE_NAME: 'A', DTMS_REQUIRED_SETTINGS: 'DTMS_API_KEY', DTMS_API_KEY_FILE: file }
  expect(() => loadConfig(definition, env)).toThrow(`DTMS_API_KEY_FILE: ${file} cannot be read (ENOENT`)
  writeFileSync(file, 'secret\n')
  expect(loadConfig(definition, env).key).toBe('secret')
})

test('in a pod the hint says where settings come from, elsewhere where they are listed', () => {
  expect(settingsHint({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toContain('ConfigMap')
  expect(settingsHint({})).toContain('docs/configuration.md')
})

test.each([
  [{ A_FILE: '/a' }, 'A_FILE: needs B_FILE as well'],
  [{ B_FILE: '/b', A_FILE: '' }, 'B_FILE: needs A_FILE as well'],
])('a variable that means nothing without another says which is missing: %j', (env, problem) => {
  const settings = {
    a: setting<string | undefined>({
      env: 'A_FILE',
      schema: parse.text(),
      fallback: undefined,
      needs: 'B_FILE',
      description: '',
    }),
    b: setting<string | undefined>({
      env: 'B_FILE',
      schema: parse.text(),
      fallback: undefined,
      needs: 'A_FILE',
      description: '',
    }),
  }
  expect(() => loadConfig({ service: 'test', settings }, env)).toThrow(problem)
  expect(loadConfig({ service: 'test', settings }, {})).toEqual({})
  expect(loadConfig({ service: 'test', settings }, { A_FILE: '/a', B_FILE: '/b' })).toEqual({ a: '/a', b: '/b' })
})
