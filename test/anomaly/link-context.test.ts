import { describe, expect, test } from 'vitest'
import { LinkContext } from '../../anomaly/link-context.ts'
import type { TransferRecord } from '../../lib/record/record.ts'
import { aTransfer, NOON } from '../support/builders.ts'
import { failedRecord } from '../support/transfer-stream.ts'

function ran(from: number, to: number, attempt = 1): TransferRecord {
  const times = { startedAt: NOON + from, endedAt: NOON + to, durationSeconds: to - from, attempt }
  return { ...aTransfer(times), v: 1, seq: 1, id: 'SITE_A-1' }
}

describe('the surroundings of a transfer', () => {
  test.each([
    ['nothing else ran', [], 0],
    ['one ran all the while', [[-5, 15]], 1],
    ['one ran half of the time', [[5, 20]], 0.5],
    ['one ended as it began', [[-10, 0]], 0],
    [
      'three overlapped in parts',
      [
        [-5, 5],
        [2, 4],
        [0, 10],
      ],
      1.7,
    ],
  ])('when %s, concurrency is as expected', (_what, others, expected) => {
    const context = new LinkContext()
    for (const [from = 0, to = 0] of others) context.observe(ran(from, to))
    expect(context.concurrencyOf(ran(0, 10))).toBeCloseTo(expected, 9)
  })

  test('a transfer without duration had no company', () => {
    const context = new LinkContext()
    context.observe(ran(-5, 5))
    expect(context.concurrencyOf(ran(0, 0))).toBe(0)
  })

  test('only the newest 256 transfers are looked at', () => {
    const context = new LinkContext()
    for (let i = 0; i < 600; i += 1) context.observe(ran(0, 10))
    expect(context.concurrencyOf(ran(0, 10))).toBe(256)
  })

  test('the failure share rises with failures, less with each retry of one file, and sinks with successes', () => {
    const first = new LinkContext()
    const retried = new LinkContext()
    first.observe(failedRecord(ran(0, 1)))
    retried.observe(failedRecord(ran(0, 1, 3)))
    expect(first.failureShare).toBeGreaterThan(retried.failureShare)
    const before = first.failureShare
    first.observe(ran(0, 1))
    expect(first.failureShare).toBeLessThan(before)
  })

  test('the usual share of lost packets is unknown at first and never nothing', () => {
    const context = new LinkContext()
    expect(context.lossRatio).toBeUndefined()
    context.observeLoss(0, 1000)
    expect(context.lossRatio).toBe(1e-8)
    for (let i = 0; i < 500; i += 1) context.observeLoss(20, 1e6)
    expect(context.lossRatio).toBeCloseTo(2e-5, 6)
  })

  test('goes on after a restart as if nothing had happened', () => {
    const context = new LinkContext()
    for (let i = 0; i < 300; i += 1) context.observe(ran(i, i + 7))
    context.observeLoss(3, 1e5)
    const restored = LinkContext.restore(structuredClone(context.save()))
    for (const one of [context, restored]) one.observe(ran(301, 310))
    expect(restored.concurrencyOf(ran(295, 320))).toBe(context.concurrencyOf(ran(295, 320)))
    expect(restored.save()).toEqual(context.save())
  })
})
