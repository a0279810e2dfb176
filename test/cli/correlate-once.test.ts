import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'

test('one pass reads what is new, the next finds nothing more', async () => {
  const data = aFolder()
  await runHere(['simulate', '--days', '0.1', '--out', data])
  const once = ['run', 'correlation', '--once', '--json', '--data', data]
  const env = { LOG_LEVEL: 'silent', DTMS_CLOCK: 'data' }
  const first = await runHere(once, env)
  expect(first.code).toBe(0)
  expect(first.out).toHaveLength(1)
  const summary = JSON.parse(first.out[0] ?? '') as { newRecords: number }
  expect(summary.newRecords).toBeGreaterThan(1000)
  expect(JSON.parse((await runHere(once, env)).out[0] ?? '')).toMatchObject({ newRecords: 0 })
})

test('a Pushgateway that does not answer is exit code 1, and the result is in the log', async () => {
  const data = aFolder()
  await runHere(['simulate', '--days', '0.05', '--out', data])
  const env = { LOG_LEVEL: 'silent', DTMS_CLOCK: 'data', PUSHGATEWAY_URL: 'http://127.0.0.1:9' }
  expect((await runHere(['run', 'correlation', '--once', '--data', data], env)).code).toBe(1)
  const { out } = await runHere(['log', 'cat', '--stream', 'correlations', '--data', data])
  expect(out).toHaveLength(1)
})
