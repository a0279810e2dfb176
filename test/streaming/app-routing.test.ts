import { expect, it } from 'vitest'
import { createMemoryBus } from '../../streaming/memory-bus.ts'
import { parseRoutes } from '../../streaming/routing.ts'
import { Collector } from '../contracts/bus.contract.ts'
import { eventually } from '../support/builders.ts'
import { anHttpReceiver } from '../support/http-servers.ts'
import { aVolume } from '../support/log.ts'
import { aStream, metric, publish } from '../support/stream-service.ts'
import { transferStream } from '../support/transfer-stream.ts'

const routes = parseRoutes(
  `
rules:
  - { name: failures, when: { status: [failed, aborted] }, to: { topic: dtms_failures } }
  - { name: tell, when: { status: [failed, aborted] }, to: { sink: webhook } }
  - { name: print, when: { status: [failed, aborted] }, to: { sink: log } }
`,
  'routes.yaml',
)

it('what a rule chooses goes to its topic, the webhook and the decision log, and nothing else does', async () => {
  const { volume } = aVolume()
  const hook = await anHttpReceiver((response) => response.writeHead(204).end())
  const bus = createMemoryBus()
  const env = {
    WEBHOOK_URL: hook.url,
    ZSCORE_THRESHOLD: '100',
    DTMS_STREAM_DECISIONS: 'none',
    DTMS_WEBHOOK_QUEUE: '1000',
  }
  const stream = aStream(volume, env, { bus, routes })
  await stream.service.start()
  await stream.ready()
  const collector = new Collector()
  await collector.join(bus, 'dtms_failures')
  const records = transferStream({ records: 400 })
  const failed = records.filter(({ status }) => status !== 'ok').map(({ id }) => id)
  expect(failed.length).toBeGreaterThan(3)
  await publish(bus, records)
  await eventually(() => collector.count() >= failed.length && hook.requests.length >= failed.length)
  const values = collector.messages.map(({ value }) => JSON.parse(String(value)))
  expect(values.map(({ id }) => id).sort()).toEqual([...failed].sort())
  expect(values[0]).toMatchObject({ rule: 'failures', route_class: 'unknown', event_type: 'data_transfer' })
  const told = hook.requests.map(({ body }) => JSON.parse(body).event_id)
  expect(told.sort()).toEqual([...failed].sort())
  expect(stream.decisions.map((line) => JSON.parse(line).event_id).sort()).toEqual([...failed].sort())
  const text = await stream.metrics()
  for (const kind of ['topic', 'webhook', 'log']) {
    expect(metric(text, `dtms_stream_routed_total{kind="${kind}",result="sent"}`)).toBe(failed.length)
  }
})
