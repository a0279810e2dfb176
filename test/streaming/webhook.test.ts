import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRandom } from '../../lib/random.ts'
import { quarantineSchema } from '../../lib/streams/quarantine.ts'
import {
  createWebhook,
  type DeadLetter,
  deadLetterEntry,
  signature,
  type Webhook,
  type WebhookCall,
  type WebhookOptions,
  waitMs,
  webhookBody,
} from '../../streaming/webhook.ts'
import { eventually, NOON } from '../support/builders.ts'
import { anHttpReceiver } from '../support/http-servers.ts'

function aCall(n = 1, changes: Partial<WebhookCall> = {}): WebhookCall {
  return {
    eventId: `SITE_A-${n}`,
    topic: 'dtms_transfers',
    partition: 2,
    offset: n,
    score: 0.75,
    zScore: -4.5,
    timestamp: NOON + 0.25,
    key: 'SITE_A>SITE_B',
    channel: 'level',
    ...changes,
  }
}

function aWebhook(url: string, changes: Partial<WebhookOptions> = {}): { webhook: Webhook; dead: DeadLetter[] } {
  const dead: DeadLetter[] = []
  const random = createRandom(1, 'webhook')
  const webhook = createWebhook({
    url,
    secret: undefined,
    queue: 100,
    attempts: 3,
    policy: { origin: 'settings' },
    random: () => random.next(),
    onDead: (letter) => dead.push(letter),
    firstWaitMs: 1,
    limitMs: 2000,
    ...changes,
  })
  onTestFinished(() => webhook.close(0))
  return { webhook, dead }
}

function answers(...statuses: number[]): (response: ServerResponse) => void {
  return (response) => response.writeHead(statuses.shift() ?? 200).end()
}

const idle = (webhook: Webhook): Promise<boolean> => eventually(() => webhook.pending === 0)

describe('the body', () => {
  it('begins with the fields that receivers already know, in their order', () => {
    expect(webhookBody(aCall(7))).toBe(
      `{"event_id":"SITE_A-7","partition":2,"offset":7,"score":0.75,"z_score":-4.5,"timestamp":${NOON}.25,` +
        '"topic":"dtms_transfers","key":"SITE_A>SITE_B","channel":"level"}',
    )
  })

  it('is signed as any HMAC-SHA-256 tool would sign it', () => {
    // RFC 4231, test case 2.
    expect(signature('Jefe', 'what do ya want for nothing?')).toBe(
      'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })
})

describe('a call', () => {
  it('is one POST with the id as idempotency key and the signature of its body', async () => {
    const server = await anHttpReceiver(answers())
    const { webhook, dead } = aWebhook(server.url, { secret: 'key' })
    webhook.offer(aCall())
    await idle(webhook)
    const [request] = server.requests
    expect(server.requests).toHaveLength(1)
    expect(request).toMatchObject({ method: 'POST', body: webhookBody(aCall()), contentType: 'application/json' })
    expect(request?.headers['idempotency-key']).toBe('SITE_A-1')
    expect(request?.headers['x-dtms-signature']).toBe(signature('key', webhookBody(aCall())))
    expect(webhook.stats).toEqual({ offered: 1, delivered: 1, attempts: 1, errors: 0, dead: 0 })
    expect(dead).toEqual([])
  })

  it('has no signature without a secret, and a header that is one for an id that is none', async () => {
    const server = await anHttpReceiver(answers())
    const { webhook } = aWebhook(server.url)
    webhook.offer(aCall(1, { eventId: 'a\r\nX-Evil: 1 é \ud800' }))
    await idle(webhook)
    expect(server.requests[0]?.headers).toMatchObject({
      'idempotency-key': 'a%0D%0AX-Evil%3A%201%20%C3%A9%20%EF%BF%BD',
    })
    expect(server.requests[0]?.headers).not.toHaveProperty('x-dtms-signature')
    expect(server.requests[0]?.headers).not.toHaveProperty('x-evil')
  })

  it.each([500, 502, 503, 408, 425, 429])('answered %i is tried again under the same key', async (status) => {
    const server = await anHttpReceiver(answers(status))
    const { webhook } = aWebhook(server.url)
    webhook.offer(aCall())
    await idle(webhook)
    expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['SITE_A-1', 'SITE_A-1'])
    expect(webhook.stats).toMatchObject({ delivered: 1, attempts: 2, errors: 1, dead: 0 })
  })

  it.each([301, 307, 400, 401, 404, 407, 409, 410, 424, 426, 499])(
    'answered %i is a dead letter at once',
    async (status) => {
      const server = await anHttpReceiver(answers(status))
      const { webhook, dead } = aWebhook(server.url)
      webhook.offer(aCall())
      await idle(webhook)
      expect(server.requests).toHaveLength(1)
      expect(dead).toEqual([{ call: aCall(), reason: 'status', detail: `status ${status}`, attempts: 1 }])
      expect(webhook.stats).toMatchObject({ delivered: 0, errors: 1, dead: 1 })
    },
  )

  it.each([200, 201, 204, 299])('answered %i has been delivered', async (status) => {
    const server = await anHttpReceiver(answers(status))
    const { webhook } = aWebhook(server.url)
    webhook.offer(aCall())
    await idle(webhook)
    expect(webhook.stats).toMatchObject({ delivered: 1, errors: 0 })
  })

  it('is given up after the last attempt, with what it met', async () => {
    const server = await anHttpReceiver(() => {})
    const { webhook, dead } = aWebhook(server.url, { limitMs: 30 })
    webhook.offer(aCall())
    await idle(webhook)
    expect(server.requests).toHaveLength(3)
    expect(dead).toEqual([{ call: aCall(), reason: 'exhausted', detail: 'no answer within 30 ms', attempts: 3 }])
    expect(webhook.stats).toMatchObject({ attempts: 3, errors: 3, dead: 1 })
  })

  it('is not tried again when its name leads to a forbidden address', async () => {
    const { webhook, dead } = aWebhook('http://hook.example/', { resolve: async () => ['169.254.169.254'] })
    webhook.offer(aCall())
    await idle(webhook)
    expect(dead).toMatchObject([{ reason: 'refused', attempts: 1 }])
  })

  it('survives a torn answer and an endless one', async () => {
    let turn = 0
    const server = await anHttpReceiver((response) => {
      response.writeHead(200, turn++ === 0 ? { 'Content-Length': 9 } : {}).write('x'.repeat(turn === 1 ? 4 : 20_000))
      if (turn === 1) setImmediate(() => response.destroy())
    })
    const { webhook } = aWebhook(server.url)
    webhook.offer(aCall())
    await idle(webhook)
    expect(webhook.stats).toMatchObject({ delivered: 1, attempts: 2, errors: 1 })
  })
})

describe('the queue', () => {
  it('takes as many as it may hold and makes dead letters of the rest, without waiting for anybody', async () => {
    const server = await anHttpReceiver(() => {})
    const { webhook, dead } = aWebhook(server.url, { queue: 10 })
    for (let n = 1; n <= 11; n++) webhook.offer(aCall(n))
    expect(webhook.pending).toBe(10)
    expect(dead.map(({ call, reason }) => [call.eventId, reason])).toEqual([['SITE_A-11', 'queue_full']])
    await webhook.close(0)
    expect(webhook.stats).toMatchObject({ offered: 11, delivered: 0, dead: 11 })
    expect(dead).toHaveLength(11)
  })

  it('costs a hundred thousand offers no more than a bounded queue while the receiver hangs', async () => {
    const server = await anHttpReceiver(() => {})
    let dead = 0
    const { webhook } = aWebhook(server.url, { queue: 50, onDead: () => void dead++ })
    for (let n = 1; n <= 100_000; n++) webhook.offer(aCall(n))
    expect(webhook.pending).toBe(50)
    expect(dead).toBe(99_950)
    await eventually(() => server.requests.length === 4)
    expect(webhook.stats.attempts).toBe(4)
  })

  it('goes on with others while one waits to be tried again', async () => {
    const server = await anHttpReceiver((response, { body }) => {
      response.writeHead(body.includes('SITE_A-1"') ? 500 : 200).end()
    })
    const { webhook } = aWebhook(server.url, { firstWaitMs: 60_000, parallel: 2 })
    for (let n = 1; n <= 20; n++) webhook.offer(aCall(n))
    await eventually(() => webhook.stats.delivered === 19)
    expect(webhook.pending).toBe(1)
  })

  it('loses nothing: every offer ends as delivered or as a dead letter', async () => {
    const random = createRandom(3, 'answers')
    const server = await anHttpReceiver((response) => {
      if (random.chance(0.2)) response.socket?.resetAndDestroy()
      else response.writeHead(random.pick([200, 204, 404, 500, 503])).end()
    })
    const { webhook, dead } = aWebhook(server.url, { queue: 40 })
    for (let n = 1; n <= 60; n++) webhook.offer(aCall(n))
    await idle(webhook)
    expect(webhook.stats).toMatchObject({ offered: 60, dead: dead.length, delivered: 60 - dead.length })
    expect(webhook.stats.delivered).toBeGreaterThan(0)
  })
})

describe('closing', () => {
  it('delivers what still can be delivered', async () => {
    const server = await anHttpReceiver(answers())
    const { webhook, dead } = aWebhook(server.url)
    for (let n = 1; n <= 20; n++) webhook.offer(aCall(n))
    await webhook.close(30_000)
    expect(webhook.stats).toMatchObject({ delivered: 20, dead: 0 })
    expect(dead).toEqual([])
  })

  it('waits for no further attempt, and makes dead letters of the rest and of late offers', async () => {
    const server = await anHttpReceiver(answers(500, 500))
    const { webhook, dead } = aWebhook(server.url, { firstWaitMs: 60_000 })
    webhook.offer(aCall(1))
    await eventually(() => webhook.stats.errors === 1)
    webhook.offer(aCall(2))
    await webhook.close(30_000)
    webhook.offer(aCall(3))
    expect(dead.map(({ call, reason, detail }) => [call.offset, reason, detail])).toEqual([
      [1, 'stopped', 'status 500'],
      [2, 'stopped', 'status 500'],
      [3, 'stopped', 'offered while stopping'],
    ])
    await webhook.close()
  })
})

describe('the wait before the next attempt', () => {
  it.each([
    [1, 0, 250],
    [1, 1, 500],
    [2, 1, 1000],
    [3, 0, 1000],
    [6, 1, 16_000],
    [7, 1, 30_000],
    [20, 0, 15_000],
  ])('after failure %i with chance %d is %i ms', (failed, chance, ms) => {
    expect(waitMs(failed, chance)).toBe(ms)
  })
})

describe('a dead letter', () => {
  it('is a line that holds the body as it would have been sent', () => {
    const entry = deadLetterEntry({ call: aCall(9), reason: 'exhausted', detail: 'status 503', attempts: 5 })
    expect(entry).toEqual({
      at: NOON + 0.25,
      type: 'quarantined',
      reason: 'webhook_exhausted',
      origin: 'dtms_transfers-p2',
      offset: 9,
      bytes: Buffer.byteLength(webhookBody(aCall(9))),
      text: webhookBody(aCall(9)),
      detail: 'status 503',
      attempts: 5,
    })
    expect(quarantineSchema.safeParse({ v: 1, seq: 1, ...entry }).success).toBe(true)
  })

  it('fits even when the id is as long and strange as it can be', () => {
    const call = aCall(9, { eventId: '\u0001'.repeat(320), topic: 't'.repeat(249), key: 'é'.repeat(256) })
    const entry = deadLetterEntry({ call, reason: 'refused', detail: 'x'.repeat(1000), attempts: 1 })
    expect(quarantineSchema.safeParse({ v: 1, seq: 1, ...entry }).success).toBe(true)
    expect(Buffer.byteLength(entry.text)).toBeLessThanOrEqual(1024)
  })
})
