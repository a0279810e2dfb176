import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import { describeError, Failure, runUntilSignal, UndoStack } from '../../lib/lifecycle.ts'
import { silentLogger } from '../../lib/logger.ts'

test('undo steps run in reverse, once, even when one fails', async () => {
  const order: string[] = []
  const stack = new UndoStack(silentLogger)
  stack.push('log', () => void order.push('log'))
  stack.push('metrics', () => {
    throw new Error('closed already')
  })
  stack.push('http', async () => void order.push('http'))
  const [first, second] = await Promise.all([stack.run(), stack.run()])
  expect(order).toEqual(['http', 'log'])
  expect([first, second]).toEqual([false, false])
})

test('a stuck step does not keep the others from closing', async () => {
  const order: string[] = []
  const stack = new UndoStack(silentLogger)
  stack.push('log', () => void order.push('log'))
  stack.push('stuck', () => new Promise(() => {}))
  expect(await stack.run(50)).toBe(false)
  expect(order).toEqual(['log'])
})

test('an app that cannot start ends with the code of its error, and is stopped', async () => {
  let stopped = 0
  const app = (error: unknown) => ({
    start: () => Promise.reject(error),
    async stop() {
      stopped += 1
    },
  })
  expect(await runUntilSignal(app(new DtmsError('config.invalid', 'no')), silentLogger)).toBe(2)
  expect(await runUntilSignal(app(new DtmsError('log.writer_busy', 'no')), silentLogger)).toBe(1)
  expect(await runUntilSignal(app(new Error('no')), silentLogger)).toBe(1)
  expect(stopped).toBe(3)
})

test('an app that fails while it runs is stopped and ends with the code of its error; the first failure counts', async () => {
  const failure = new Failure()
  let stopped = 0
  const app = {
    failed: failure.promise,
    async start() {
      setTimeout(() => failure.fail(new DtmsError('log.fenced', 'taken over')), 5)
      setTimeout(() => failure.fail(new DtmsError('config.invalid', 'too late')), 5)
    },
    async stop() {
      stopped += 1
    },
  }
  expect(await runUntilSignal(app, silentLogger)).toBe(1)
  expect(stopped).toBe(1)
})

test('a failure that nobody listens to does not end the process', async () => {
  new Failure().fail(new Error('unheard'))
  await new Promise((resolve) => setImmediate(resolve))
})

test('an error is described with its causes and its hint', () => {
  const error = new DtmsError('volume.full', 'cannot append', { hint: 'free some space', cause: new Error('ENOSPC') })
  expect(describeError(error)).toMatchObject({
    code: 'volume.full',
    hint: 'free some space',
    cause: { message: 'ENOSPC' },
  })
})

const program = (body: string) => `
  const { runUntilSignal } = await import('${new URL('../../dist/lib/lifecycle.js', import.meta.url).href}')
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child() { return logger } }
  const keepAlive = setInterval(() => {}, 1000)
  process.exitCode = await runUntilSignal(${body}, logger)
  clearInterval(keepAlive)`

async function signalled(
  body: string,
  signals: NodeJS.Signals[],
  pauseMs = 500,
): Promise<{ code: number | null; signal: string | null }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(body)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  for (const signal of signals) {
    child.kill(signal)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  const [code, signal] = await exit
  return { code, signal }
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops the app and the process ends with 0', async (signal) => {
  const body = `{ async start() { console.log('up') }, async stop() { await new Promise((r) => setTimeout(r, 20)) } }`
  expect(await signalled(body, [signal])).toEqual({ code: 0, signal: null })
})

test('the echo of a signal, as process groups get it, is no second one', async () => {
  const body = `{ async start() { console.log('up') }, async stop() { await new Promise((r) => setTimeout(r, 200)) } }`
  expect(await signalled(body, ['SIGTERM', 'SIGTERM', 'SIGTERM'], 20)).toEqual({ code: 0, signal: null })
})

test('a second signal cuts a stuck stop short', async () => {
  const body = `{ async start() { console.log('up') }, stop() { return new Promise(() => {}) } }`
  expect(await signalled(body, ['SIGTERM', 'SIGTERM'])).toEqual({ code: null, signal: 'SIGKILL' })
})
