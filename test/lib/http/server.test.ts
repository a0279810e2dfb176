import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { defineRoute, type Route } from '../../../lib/http/route.ts'
import { createHttpServer } from '../../../lib/http/server.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { eventually } from '../../support/builders.ts'
import { aServer, ask } from '../../support/http.ts'

function aRoute(path: string, handle: Route['handle'] = () => ({ body: 'ok' })): Route {
  return defineRoute({ method: 'get', path, operationId: 'r', summary: '', tags: [], responses: {}, handle })
}

/** Writes bytes to the port and answers what comes back until the connection ends. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      got += chunk.toString()
    })
    socket.on('close', () => resolve(got))
    socket.on('error', reject)
  })
}

describe('the server', () => {
  test('sends strict headers and does not tell what it is made of', async () => {
    const { url } = await aServer([aRoute('/x')])
    const { headers } = await ask(`${url}/x`)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('says which port is taken and what to do', async () => {
    const { port } = await aServer([])
    const second = createHttpServer({ host: '127.0.0.1', port, logger: silentLogger, mount: () => {} })
    await expect(second.start()).rejects.toMatchObject({
      code: 'http.port_taken',
      message: `port ${port} on 127.0.0.1 is taken`,
      hint: expect.stringContaining('DTMS_PORT'),
    })
    await second.stop()
  })

  test('says so when the address is not one of this machine', async () => {
    const server = createHttpServer({ host: '192.0.2.1', port: 0, logger: silentLogger, mount: () => {} })
    await expect(server.start()).rejects.toMatchObject({ code: 'config.invalid' })
  })

  test('answers what is not HTTP with JSON', async () => {
    const { port } = await aServer([])
    const answer = await raw(port, 'nonsense\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain('{"detail":"not a valid HTTP request"}')
  })

  test('refuses headers without end', async () => {
    const { port } = await aServer([])
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/)
  })

  test('limits requests and says how many are left; health does not count', async () => {
    const rateLimit = { perMinute: 2, exempt: ['/health'] }
    const { url } = await aServer([aRoute('/x'), aRoute('/health')], { rateLimit })
    const first = await ask(`${url}/x`)
    expect(first.headers['ratelimit-policy']).toBe('2;w=60')
    expect(first.headers.ratelimit).toMatch(/^limit=2, remaining=1, reset=/)
    await ask(`${url}/x`)
    const refused = await ask(`${url}/x`)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, expect.any(String)])
    expect(refused.json).toMatchObject({ detail: 'more than 2 requests a minute' })
    expect((await ask(`${url}/health`)).status).toBe(200)
  })

  test('tells requests by route, never by path', async () => {
    const seen: string[] = []
    const { url } = await aServer([aRoute('/things/{id}')], {
      onRequest: ({ route, status }) => seen.push(`${route} ${status}`),
    })
    await ask(`${url}/things/secret-1`)
    await ask(`${url}/elsewhere/secret-2`)
    await eventually(() => seen.length === 2)
    expect(seen).toEqual(['GET /things/{id} 200', 'unmatched 404'])
  })

  test('lets a request that is being answered end when it stops, and takes no new one', async () => {
    let release: () => void = () => {}
    let begun = false
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const server = await aServer([
      aRoute('/slow', async () => {
        begun = true
        await held
        return { body: 'done' }
      }),
    ])
    const { url } = server
    const answer = ask(`${url}/slow`)
    await eventually(() => begun)
    const stopped = server.stop()
    await expect(ask(`${url}/slow`)).rejects.toThrow()
    release()
    expect((await answer).json).toBe('done')
    await stopped
    await server.stop()
  })
})
