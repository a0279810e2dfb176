import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../lib/config.ts'
import { streamConfig } from '../../streaming/config.ts'
import { loadRoutes } from '../../streaming/routes-file.ts'
import { aFolder } from '../support/builders.ts'

function load(text: string | undefined, env: Record<string, string> = {}) {
  const file = join(aFolder(), 'routes.yaml')
  if (text !== undefined) writeFileSync(file, text)
  return loadRoutes(loadConfig(streamConfig, { DTMS_STREAM_ROUTES: file, ...env }))
}

describe('the file of rules', () => {
  it('is not needed', () => {
    expect(load(undefined, { DTMS_STREAM_ROUTES: '' }).rules).toEqual([])
  })

  it('is read', () => {
    expect(load('rules: [{ name: all, to: { topic: copies } }]').rules).toHaveLength(1)
  })

  it.each([
    [undefined, {}, 'cannot be read (ENOENT)'],
    ['rules: 7', {}, 'routes.yaml:1:8'],
    ['rules: [{ name: loop, to: { topic: dtms_transfers } }]', {}, 'where they come from'],
    ['rules: [{ name: all, to: { topic: copies } }]', { DTMS_BUS: 'memory' }, 'the bus is in memory'],
  ])('%j with %j is refused: %s', (text, env, words) => {
    expect(() => load(text, env)).toThrow(words)
  })
})
