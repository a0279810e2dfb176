import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const module = new URL('../../dist/lib/logger.js', import.meta.url).href

function linesOf(body: string): Record<string, unknown>[] {
  const program = `const { createLogger } = await import('${module}'); const logger = createLogger({ service: 'api', layer: 'api', level: 'info' }); ${body}`
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

test('a line carries timestamp, level, service, layer and message', () => {
  const [line] = linesOf(`logger.info('started', { event_id: 'SITE_A-1' })`)
  expect(line).toMatchObject({ level: 'info', service: 'api', layer: 'api', message: 'started', event_id: 'SITE_A-1' })
  expect(line?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('a described error keeps its code and its hint', () => {
  const [line] = linesOf(
    `logger.error('failed', { error: { message: 'full', code: 'volume.full', hint: 'free some' } })`,
  )
  expect(line?.error).toEqual({ message: 'full', code: 'volume.full', hint: 'free some' })
})

test('text from outside cannot forge a line of its own', () => {
  const lines = linesOf(`logger.warn('refused', { input: 'x\\n{"level":"error","message":"forged"}' })`)
  expect(lines).toHaveLength(1)
  expect(lines[0]?.message).toBe('refused')
})

test('lines below the level are not written, a child adds its fields', () => {
  const lines = linesOf(`logger.debug('hidden'); logger.child({ site: 'SITE_A' }).error('seen')`)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ message: 'seen', site: 'SITE_A', level: 'error' })
})
