import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { OutgoingPolicy } from '../../../lib/outgoing/addresses.ts'
import { ANSWER_LIMIT_BYTES, callOut, type OutgoingRules } from '../../../lib/outgoing/call.ts'
import { anHttpReceiver } from '../../support/http-servers.ts'

const settings: OutgoingPolicy = { origin: 'settings' }

function post(url: string, rules: Partial<OutgoingRules> = {}): ReturnType<typeof callOut> {
  return callOut({ method: 'POST', url, headers: { 'X-Test': '1' }, body: '{}' }, { policy: settings, ...rules })
}

/** A server that is not HTTP; `talk` gets each connection. */
async function aTcpServer(talk: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    talk(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe('an attempt', () => {
  it.each([200, 204, 404, 500])('is answered with the status %i', async (status) => {
    const server = await anHttpReceiver((response) => response.writeHead(status).end())
    expect(await post(server.url)).toEqual({ outcome: 'answered', status })
    expect(server.requests).toMatchObject([{ method: 'POST', body: '{}' }])
  })

  it('is answered by a redirect that it does not follow', async () => {
    const target = await anHttpReceiver((response) => response.end())
    const server = await anHttpReceiver((response) => response.writeHead(307, { Location: target.url }).end())
    expect(await post(server.url)).toEqual({ outcome: 'answered', status: 307 })
    expect(target.requests).toEqual([])
  })

  it('reads 16 KiB of an endless answer and drops the rest', async () => {
    let written = 0
    const server = await anHttpReceiver((response) => pour(response, () => (written += 65_536)))
    expect(await post(server.url)).toEqual({ outcome: 'answered', status: 200 })
    // What the two kernels hold is written as well, but nothing like the gigabyte.
    expect(written).toBeLessThan(64 * 1024 * 1024)
  })

  it.each([ANSWER_LIMIT_BYTES - 1, ANSWER_LIMIT_BYTES, ANSWER_LIMIT_BYTES + 1])(
    'takes an answer of %i bytes',
    async (bytes) => {
      const server = await anHttpReceiver((response) => response.end('x'.repeat(bytes)))
      expect(await post(server.url)).toEqual({ outcome: 'answered', status: 200 })
    },
  )

  const failures: [string, (response: ServerResponse) => void, string][] = [
    ['nothing comes', () => {}, 'no answer within 150 ms'],
    ['only the head comes', (response) => response.flushHeaders(), 'no answer within 150 ms'],
    ['the answer drips', (response) => drip(response), 'no answer within 150 ms'],
    ['the connection is reset', (response) => response.socket?.resetAndDestroy(), 'ECONNRESET'],
    ['the answer is torn', (response) => tear(response), 'ECONNRESET'],
  ]
  it.each(failures)('fails when %s', async (_name, answer, detail) => {
    const server = await anHttpReceiver(answer)
    expect(await post(server.url, { limitMs: 150 })).toEqual({ outcome: 'failed', detail })
  })

  it('fails when nobody listens', async () => {
    const server = await anHttpReceiver(() => {})
    await server.close()
    expect(await post(server.url)).toEqual({ outcome: 'failed', detail: 'ECONNREFUSED' })
  })

  it('fails when the answer is no HTTP', async () => {
    const port = await aTcpServer((socket) => socket.end('220 mail.example ESMTP\r\n'))
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ outcome: 'failed', detail: 'HPE_INVALID_CONSTANT' })
  })

  it('fails when TLS is spoken to a plain server', async () => {
    const plain = await anHttpReceiver((response) => response.end())
    const result = await post(plain.url.replace('http:', 'https:'))
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(/^(EPROTO|ERR_SSL_|ECONNRESET)/) })
    expect(plain.requests).toEqual([])
  })

  it('fails before a byte of the call is sent when nobody vouches for the certificate', async () => {
    const sent: unknown[] = []
    const cert = readFileSync(new URL('../../fixtures/tls/self-signed.crt', import.meta.url))
    const key = readFileSync(new URL('../../fixtures/tls/self-signed.key', import.meta.url))
    const server = createTlsServer({ cert, key }, (socket) => socket.on('data', (data) => sent.push(data)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `https://hook.example:${(server.address() as AddressInfo).port}/`
    const result = await post(url, { resolve: async () => ['127.0.0.1'] })
    expect(result).toEqual({ outcome: 'failed', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(sent).toEqual([])
  })

  it('ends at once when it is cut short', async () => {
    const stop = new AbortController()
    const server = await anHttpReceiver(() => stop.abort())
    expect(await post(server.url, { signal: stop.signal })).toEqual({ outcome: 'failed', detail: 'cut short' })
    expect(await post(server.url, { signal: stop.signal })).toEqual({ outcome: 'failed', detail: 'cut short' })
    expect(server.requests).toHaveLength(1)
  })

  it('fails for text that is no URL', async () => {
    expect(await post('not a url')).toEqual({ outcome: 'failed', detail: 'ERR_INVALID_URL' })
  })
})

describe('where an attempt goes', () => {
  it('is the address that was judged: the name is looked up once', async () => {
    const server = await anHttpReceiver((response) => response.end())
    const asked: string[] = []
    const resolve = async (host: string): Promise<string[]> => {
      asked.push(host)
      return asked.length === 1 ? ['127.0.0.1'] : ['169.254.169.254']
    }
    const url = server.url.replace('127.0.0.1', 'hook.example')
    expect(await post(url, { resolve })).toEqual({ outcome: 'answered', status: 200 })
    expect(asked).toEqual(['hook.example'])
    expect(await post(url, { resolve })).toMatchObject({ outcome: 'refused' })
    expect(server.requests).toHaveLength(1)
  })

  it('is another judged address when the first one does not answer', async () => {
    const server = await anHttpReceiver((response) => response.end())
    const url = server.url.replace('127.0.0.1', 'hook.example')
    const resolve = async (): Promise<string[]> => ['::1', '127.0.0.1']
    expect(await post(url, { resolve })).toEqual({ outcome: 'answered', status: 200 })
  })

  it('is nowhere when one of several addresses is forbidden', async () => {
    const server = await anHttpReceiver((response) => response.end())
    const url = server.url.replace('127.0.0.1', 'hook.example')
    const resolve = async (): Promise<string[]> => ['127.0.0.1', 'fe80::1']
    const result = await post(url, { resolve })
    expect(result).toEqual({ outcome: 'refused', detail: 'fe80::1 is a link-local, metadata or unusable address' })
    expect(server.requests).toEqual([])
  })

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://0251.0376.0251.0376/',
    'http://169.16689662/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://①⑥⑨.254.169.254/',
  ])('is never %s', async (url) => {
    expect(await post(url)).toMatchObject({ outcome: 'refused' })
  })

  it('is not this machine when the URL came through the API', async () => {
    const server = await anHttpReceiver((response) => response.end())
    expect(await post(server.url, { policy: { origin: 'api' } })).toMatchObject({ outcome: 'refused' })
    const policy: OutgoingPolicy = { origin: 'api', allowedHosts: ['127.0.0.1'] }
    expect(await post(server.url, { policy })).toMatchObject({ outcome: 'answered' })
    expect(server.requests).toHaveLength(1)
  })

  it('is unknown when the name server says nothing, fails or has no address', async () => {
    const never = new Promise<string[]>(() => {})
    const url = 'http://hook.example/'
    expect(await post(url, { resolve: () => never, limitMs: 50 })).toEqual({
      outcome: 'failed',
      detail: 'no answer within 50 ms',
    })
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND hook.example'), { code: 'ENOTFOUND' })
    expect(await post(url, { resolve: () => Promise.reject(missing) })).toEqual({
      outcome: 'failed',
      detail: 'ENOTFOUND',
    })
    expect(await post(url, { resolve: async () => [] })).toMatchObject({ outcome: 'failed' })
  })
})

function pour(response: ServerResponse, count: () => number): void {
  const chunk = Buffer.alloc(65_536)
  response.writeHead(200)
  const more = (): void => {
    while (!response.destroyed && count() < 1_073_741_824) if (!response.write(chunk)) return
    response.end()
  }
  response.on('drain', more)
  more()
}

function drip(response: ServerResponse): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write('x'), 10)
  response.on('close', () => clearInterval(timer))
}

function tear(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Length': 100 })
  response.write('half')
  setImmediate(() => response.destroy())
}
