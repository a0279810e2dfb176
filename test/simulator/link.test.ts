import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Request } from '../../simulator/attempt.ts'
import { combine } from '../../simulator/bends.ts'
import { type Ending, Link } from '../../simulator/link.ts'
import { createModel } from '../../simulator/model.ts'
import { aScenario } from '../support/world.ts'

/** Every file takes 10 s of setup (7 before its first byte, 3 after its last), every stream runs at 100 MB/s alone. */
const plain = `
linkVariety: 0
link: { capacityMBps: 100, parallel: 3, stream: { medianMBps: 100, spread: 0, maxMBps: 100 } }
files: [{ name: raw, share: 1, sizeQuantilesMB: [[0, 1], [1, 1000]], setup: { medianSeconds: 10, spread: 0 } }]
failures: { share: 0 }
`

function aLink(yaml = plain): Link {
  const model = createModel(aScenario(yaml), 7)
  return new Link(model, model.links[0] as (typeof model.links)[number])
}

let count = 0
function aRequest(megabytes: number, changes: Partial<Request> = {}): Request {
  count += 1
  return { number: count, attempt: 1, file: 0, sizeBytes: megabytes * 1e6, luck: count, queuedMs: 0, ...changes }
}

/** Lets the link go on by itself until nothing is left to happen; instants in seconds. */
function runOut(link: Link): { at: number; ending: Ending }[] {
  const endings: { at: number; ending: Ending }[] = []
  for (let next = link.nextMs(); next !== undefined; next = link.nextMs()) {
    for (const ending of link.settle(next).ended) endings.push({ at: next / 1000, ending })
  }
  return endings
}

function start(link: Link, nowMs: number, ...requests: Request[]): void {
  for (const request of requests) link.enqueue(request)
  link.settle(nowMs)
}

describe('a link', () => {
  it('lets one transfer prepare, send at its own speed, and finish', () => {
    const link = aLink()
    start(link, 0, aRequest(500))
    const [only] = runOut(link)
    expect(only?.at).toBe(15)
    expect(only?.ending.flow.firstByteMs).toBe(7000)
    expect(only?.ending.bytesTransferred).toBe(500e6)
    expect(only?.ending.failure).toBeNull()
  })

  it('shares its capacity: two that send together take twice as long', () => {
    const link = aLink()
    start(link, 0, aRequest(500), aRequest(500))
    expect(runOut(link).map(({ at }) => at)).toEqual([20, 20])
  })

  it('gives the freed capacity to those that stay', () => {
    const link = aLink()
    // Together until the small one is through (7 + 2 * 1 s); then the large one sends its other 400 MB alone.
    start(link, 0, aRequest(100), aRequest(500))
    expect(runOut(link).map(({ at }) => at)).toEqual([12, 16])
  })

  it('lets no more than its parallel transfers run; the next starts when one has ended', () => {
    const link = aLink(plain.replace('capacityMBps: 100', 'capacityMBps: 1000'))
    start(link, 0, aRequest(100), aRequest(200), aRequest(300), aRequest(100))
    const endings = runOut(link)
    expect(endings.map(({ at }) => at)).toEqual([11, 12, 13, 22])
    expect(endings.at(-1)?.ending.flow.startedMs).toBe(11_000)
  })

  it('moves the bytes of any crowd in no less time than its capacity needs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const link = aLink()
        start(link, 0, ...sizes.map((size) => aRequest(size)))
        const endings = runOut(link)
        expect(endings).toHaveLength(sizes.length)
        const last = Math.max(...endings.map(({ at }) => at))
        const megabytes = sizes.reduce((sum, size) => sum + size, 0)
        expect(last).toBeGreaterThanOrEqual(10 + megabytes / 100 - 0.001 * sizes.length)
        for (const { at, ending } of endings)
          expect(at - ending.flow.startedMs / 1000).toBeGreaterThanOrEqual(10 + ending.bytesTransferred / 1e8 - 0.001)
      }),
    )
  })

  it('slows at once when it is bent, setup and speed alike', () => {
    const link = aLink()
    start(link, 0, aRequest(500))
    link.settle(7000)
    link.settle(9000) // 200 MB are through
    link.bendTo(combine([{ speed: 0.5 }]), 9000)
    link.settle(9000)
    expect(runOut(link).map(({ at }) => at)).toEqual([18])
    const slow = aLink()
    slow.bendTo(combine([{ setup: 2 }]), 0)
    start(slow, 0, aRequest(100))
    expect(runOut(slow).map(({ at }) => at)).toEqual([21])
  })

  it('stands quite still at speed 0, and nobody times out for it', () => {
    const link = aLink()
    start(link, 0, aRequest(500), aRequest(1))
    link.settle(2000)
    link.bendTo(combine([{ speed: 0 }]), 2000)
    expect(link.nextMs()).toBeUndefined()
    expect(link.settle(5_000_000).ended).toEqual([])
    link.bendTo(combine([]), 5_002_000)
    link.settle(5_002_000)
    const endings = runOut(link)
    expect(endings.map(({ ending }) => ending.failure)).toEqual([null, null])
    expect(endings.at(-1)?.at).toBeCloseTo(5000 + 15, 0)
  })

  it('starts nothing while it is stopped, and goes on with what was under way', () => {
    const link = aLink()
    start(link, 0, aRequest(100))
    link.bendTo(combine([{ stopped: true }]), 1000)
    start(link, 1000, aRequest(100))
    expect(runOut(link).map(({ at }) => at)).toEqual([11])
    link.bendTo(combine([]), 60_000)
    link.settle(60_000)
    expect(runOut(link).map(({ at }) => at)).toEqual([71])
  })

  it.each([
    ['just not yet', 899_999, 0],
    ['then', 900_000, 1],
  ])('gives up a request that has waited for the time of the scenario: %s', (_, atMs, expired) => {
    const link = aLink(plain.replace('parallel: 3', 'parallel: 1'))
    start(link, 0, aRequest(200_000), aRequest(1))
    expect(link.settle(atMs).expired).toHaveLength(expired)
  })

  it('does not let requests pile up without end: beyond 1000 the oldest is given up', () => {
    const link = aLink(plain.replace('parallel: 3', 'parallel: 1'))
    start(link, 0, aRequest(200_000))
    const crowd = Array.from({ length: 1001 }, () => aRequest(1))
    for (const request of crowd) link.enqueue(request)
    expect(link.settle(1000).expired).toEqual(crowd.slice(0, 1))
  })

  it('gives up a transfer that is slower than the timeout allows, and says how far it came', () => {
    const link = aLink(`${plain}timeout: { seconds: 20, secondsPerMiB: 0 }`)
    start(link, 0, aRequest(5000))
    const [only] = runOut(link)
    expect(only?.at).toBe(20)
    expect(only?.ending.failure).toMatchObject({ scope: 'transfer', class: 'timeout' })
    expect(only?.ending.bytesTransferred).toBe(1300e6)
  })

  it('gives up a transfer whose preparation does not end', () => {
    const link = aLink(`${plain}timeout: { seconds: 5, secondsPerMiB: 0 }`)
    start(link, 0, aRequest(1))
    expect(runOut(link)[0]).toMatchObject({ at: 5, ending: { bytesTransferred: 0, failure: { class: 'timeout' } } })
  })

  it.each([
    ['destination', 'no_space', (bytes: number) => bytes === 0],
    ['transfer', 'interrupted', (bytes: number) => bytes > 0 && bytes < 500e6],
    ['transfer', 'timeout', (bytes: number) => bytes > 0 && bytes < 500e6],
    ['transfer', 'checksum', (bytes: number) => bytes === 500e6],
  ])('lets %s/%s strike in its phase', (scope, name, fits) => {
    const mix = `mix: [{ scope: ${scope}, class: ${name}, weight: 1 }]`
    const link = aLink(plain.replace('share: 0 }', `share: 1, ${mix} }`))
    start(link, 0, aRequest(500))
    const [only] = runOut(link)
    expect(only?.ending.failure).toMatchObject({ scope, class: name })
    expect(fits(only?.ending.bytesTransferred ?? -1)).toBe(true)
  })

  it('never starts a request that is to expire, and keeps no slot for it', () => {
    const mix = 'mix: [{ scope: scheduler, class: expired, weight: 1 }]'
    const link = aLink(plain.replace('share: 0 }', `share: 1, ${mix} }`))
    start(link, 0, aRequest(500))
    expect(link.nextMs()).toBe(900_000)
    expect(link.settle(900_000).expired).toHaveLength(1)
  })

  it('fails the share of a fault before chance has its say', () => {
    const link = aLink()
    link.bendTo(combine([{ fail: { scope: 'source', class: 'unavailable', share: 1 } }]), 0)
    start(link, 0, aRequest(500))
    const [only] = runOut(link)
    expect(only?.ending.failure).toEqual({ scope: 'source', class: 'unavailable', phase: 'preparation' })
    expect(only?.at).toBeLessThanOrEqual(7)
  })
})
