import { Agent } from 'node:https'
import { connect } from 'node:net'
import { connect as connectSecurely, type PeerCertificate, type SecureVersion } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { defineRoute, type Route } from '../../../lib/http/route.ts'
import { createHttpServer } from '../../../lib/http/server.ts'
import { ServingCertificate } from '../../../lib/http/serving-certificate.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { eventually } from '../../support/builders.ts'
import { aMountedSecret, anAuthority, toFiles } from '../../support/certificates.ts'
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

  test('keeps a connection longer than a router in front of it does', async () => {
    const { port } = await aServer([])
    const answer = await raw(
      port,
      'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    const seconds = Number(/^Keep-Alive: timeout=(\d+)/im.exec(answer)?.[1])
    expect(seconds).toBeGreaterThan(60)
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

describe('the server with a certificate', () => {
  async function aSecureServer() {
    const authority = anAuthority()
    const secret = aMountedSecret(authority.issue(['localhost', '127.0.0.1']))
    const certificate = new ServingCertificate({ ...secret, logger: silentLogger, pollMs: 5 })
    const server = await aServer([aRoute('/x')], { certificate })
    return { authority, secret, server }
  }

  /** What a new connection is shown. */
  function shown(port: number, ca: string, maxVersion?: SecureVersion): Promise<PeerCertificate> {
    return new Promise((resolve, reject) => {
      const versions = maxVersion === undefined ? {} : { minVersion: 'TLSv1' as const, maxVersion }
      const socket = connectSecurely({ port, ca, host: '127.0.0.1', servername: 'localhost', ...versions }, () => {
        resolve(socket.getPeerCertificate())
        socket.destroy()
      })
      socket.on('error', reject)
    })
  }

  test('says https, and answers who trusts its authority', async () => {
    const { authority, server } = await aSecureServer()
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`)
    expect((await ask(`${server.url}/x`, { ca: authority.cert })).json).toBe('ok')
    await expect(ask(`${server.url}/x`)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  test.each([
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const)('speaks %s: %s', async (version, spoken) => {
    const { authority, server } = await aSecureServer()
    const meeting = shown(server.port, authority.cert, version).then(
      () => true,
      () => false,
    )
    expect(await meeting).toBe(spoken)
  })

  test('hangs up on plain HTTP and goes on', async () => {
    const { authority, server } = await aSecureServer()
    expect(await raw(server.port, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => '')).toBe('')
    expect((await ask(`${server.url}/x`, { ca: authority.cert })).status).toBe(200)
  })

  test('answers what is not HTTP inside TLS with JSON', async () => {
    const { authority, server } = await aSecureServer()
    const answer = await new Promise<string>((resolve, reject) => {
      let got = ''
      const socket = connectSecurely({ port: server.port, ca: authority.cert, host: '127.0.0.1' }, () =>
        socket.write('nonsense\r\n\r\n'),
      )
      socket.on('data', (chunk) => {
        got += chunk.toString()
      })
      socket.on('close', () => resolve(got))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  test('shows a new certificate without a restart; a connection that is open stays', async () => {
    const { authority, secret, server } = await aSecureServer()
    const kept = new Agent({ keepAlive: true, maxSockets: 1 })
    const keptAsk = () => ask(`${server.url}/x`, { ca: authority.cert, agent: kept })
    const first = await keptAsk()
    const before = await shown(server.port, authority.cert)
    secret.replace(toFiles(authority.issue(['localhost', '127.0.0.1'])))
    await eventually(async () => {
      const { fingerprint256 } = await shown(server.port, authority.cert)
      return fingerprint256 !== before.fingerprint256
    })
    const again = await keptAsk()
    expect(again.json).toBe('ok')
    expect(again.localPort).toBe(first.localPort)
    kept.destroy()
  })

  test('goes over to another authority', async () => {
    const { authority, secret, server } = await aSecureServer()
    const next = anAuthority('next-ca')
    secret.replace(toFiles(next.issue(['localhost', '127.0.0.1'])))
    await eventually(
      async () => (await ask(`${server.url}/x`, { ca: next.cert }).catch(() => undefined))?.status === 200,
    )
    await expect(ask(`${server.url}/x`, { ca: authority.cert })).rejects.toThrow()
    expect((await ask(`${server.url}/x`, { ca: `${authority.cert}${next.cert}` })).status).toBe(200)
  })

  test('does not start without its files', async () => {
    const certificate = new ServingCertificate({
      certFile: '/none/tls.crt',
      keyFile: '/none/tls.key',
      logger: silentLogger,
    })
    const server = createHttpServer({ host: '127.0.0.1', port: 0, logger: silentLogger, certificate, mount: () => {} })
    await expect(server.start()).rejects.toMatchObject({ code: 'config.invalid' })
    await server.stop()
  })
})
