import type { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ScoringHost } from '../../anomaly/host.ts'
import { openPipeline } from '../../anomaly/scoring.ts'
import { DEFAULT_K } from '../../anomaly/threshold.ts'
import type { WorkerData } from '../../anomaly/worker-messages.ts'
import type { DtmsError } from '../../lib/errors.ts'
import { eventually } from '../support/builders.ts'
import { slowedRecord, transferStream } from '../support/transfer-stream.ts'

const data: WorkerData = { engine: 'strict', seed: 1, k: DEFAULT_K }
const stream = transferStream({
  records: 4500,
  change: (record, n) => (n > 2500 ? slowedRecord(record, 10) : record),
})

function aHost(
  from: WorkerData = data,
  onDeath?: (error: DtmsError) => void,
): { host: ScoringHost; threads: Worker[] } {
  const threads: Worker[] = []
  const note = (worker: Worker): unknown => threads.push(worker)
  process.on('worker', note)
  const host = new ScoringHost(from, onDeath)
  onTestFinished(async () => {
    process.off('worker', note)
    await host.close()
  })
  return { host, threads }
}

describe('the scoring thread', () => {
  test('gives the verdicts that the same pipeline gives in this thread', async () => {
    const { host } = aHost()
    await host.ready()
    const answers = await host.process(stream, [])
    const here = openPipeline(data).pipeline
    // In pieces as the host sends them: the order inside a message is part of the result.
    const expected = [0, 2000, 4000].flatMap((at) => here.process(stream.slice(at, at + 2000), { maintenance: [] }))
    expect(answers.flatMap(({ verdicts }) => verdicts)).toEqual(expected)
    expect(answers.at(-1)?.facts.counts.records).toBe(4500)
    expect(answers.length).toBe(3)
  })

  test('goes on from what another one has saved', async () => {
    const first = aHost().host
    await first.process(stream.slice(0, 2000), [])
    const saved = await first.save(0)
    const model = saved.model === undefined ? {} : { model: saved.model.bytes }
    const second = aHost({ ...data, state: saved.state, ...model }).host
    const { facts, refusedModel } = await second.ready()
    expect(facts.counts.records).toBe(2000)
    expect(refusedModel).toBeUndefined()
    const rest = stream.slice(2000, 3000)
    const verdictsOf = async (host: ScoringHost) => (await host.process(rest, [])).flatMap(({ verdicts }) => verdicts)
    expect(await verdictsOf(second)).toEqual(await verdictsOf(first))
  })

  test('whose life ends rejects what is under way and everything after, and says so once', async () => {
    const deaths: DtmsError[] = []
    const { host, threads } = aHost(data, (error) => deaths.push(error))
    await host.ready()
    const underWay = host.process(stream, [])
    const rejected = expect(underWay).rejects.toMatchObject({ code: 'internal.bug', retryable: true })
    await threads[0]?.terminate()
    await rejected
    await eventually(() => deaths.length > 0)
    expect(host.alive).toBe(false)
    await expect(host.save(0)).rejects.toMatchObject({ code: 'internal.bug' })
    await host.close()
    expect(deaths.length).toBe(1)
  })

  test('that is closed rejects what comes later, but has not died', async () => {
    let deaths = 0
    const { host } = aHost(data, () => {
      deaths += 1
    })
    await host.ready()
    await host.close()
    await host.close()
    await expect(host.save(0)).rejects.toThrow('it was closed')
    expect(deaths).toBe(0)
  })

  test('with a state that it cannot read never becomes ready', async () => {
    const { host } = aHost({ ...data, state: Buffer.from('rubbish') })
    await expect(host.ready()).rejects.toMatchObject({ code: 'internal.bug' })
    expect(host.death?.message).toContain('the scoring thread has failed')
  })
})
