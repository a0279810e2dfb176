import { describe, expect, it } from 'vitest'
import type { Ending, Flow } from '../../simulator/link.ts'
import { createModel } from '../../simulator/model.ts'
import { toExpired, toTransfer } from '../../simulator/to-transfer.ts'
import { aScenario } from '../support/world.ts'

const model = createModel(aScenario(), 7)
const link = model.links[0] as (typeof model.links)[number]

function anEnding(changes: Partial<Flow> = {}, ending: Partial<Ending> = {}): Ending {
  const flow: Flow = {
    number: 17,
    attempt: 2,
    file: 1,
    sizeBytes: 2_000_000,
    luck: 1,
    queuedMs: 1_000_000,
    startedMs: 1_001_500,
    phase: 'finish',
    phaseEndsMs: 1_010_000,
    finishMs: 3000,
    firstByteMs: 1_006_000,
    sendBytes: 2_000_000,
    streamMBps: 100,
    finishWork: 0,
    deadlineMs: 2_000_000,
    failure: null,
    lossShare: 0.01,
    rttSeconds: 0.0312345678,
    ...changes,
  }
  return { flow, bytesTransferred: flow.sendBytes, failure: null, ...ending }
}

describe('the record of an attempt', () => {
  it('says what happened, in seconds, recorded by its source', () => {
    expect(toTransfer(model, link, anEnding(), 1_010_000)).toEqual({
      site: 'SITE_A',
      source: 'SITE_A',
      destination: 'SITE_B',
      protocol: 'davs',
      activity: 'small',
      queuedAt: 1000,
      startedAt: 1001.5,
      endedAt: 1010,
      sizeBytes: 2_000_000,
      bytesTransferred: 2_000_000,
      durationSeconds: 8.5,
      firstByteSeconds: 4.5,
      status: 'ok',
      attempt: 2,
      streams: 1,
      transport: { retransmits: 14, outOfOrder: 8, duplicates: 1, rttSeconds: 0.031235 },
      checksum: 'ok',
      origin: { kind: 'simulator', id: 'SITE_A-SITE_B-17' },
    })
  })

  it('has no first byte and no packets when none was sent', () => {
    const failure = { scope: 'destination', class: 'no_space', phase: 'preparation' } as const
    const transfer = toTransfer(
      model,
      link,
      anEnding({ firstByteMs: null }, { bytesTransferred: 0, failure }),
      1_010_000,
    )
    expect(transfer).toMatchObject({ status: 'failed', firstByteSeconds: 0, checksum: 'none', error: failure })
    expect(transfer).not.toHaveProperty('transport')
  })

  it.each([
    ['transfer', 'checksum', 'failed', 'mismatch'],
    ['scheduler', 'cancelled', 'aborted', 'none'],
    ['transfer', 'interrupted', 'failed', 'none'],
  ] as const)('for %s/%s has status %s and checksum %s', (scope, name, status, checksum) => {
    const failure = { scope, class: name, phase: 'transfer' } as const
    expect(toTransfer(model, link, anEnding({}, { failure }), 1_010_000)).toMatchObject({ status, checksum })
  })

  it.each([
    [99_999_999, 1],
    [100_000_000, 4],
    [9_999_999_999, 4],
    [10_000_000_000, 8],
  ])('takes for %i bytes %i streams', (sizeBytes, streams) => {
    expect(toTransfer(model, link, anEnding({ sizeBytes }), 1_010_000).streams).toBe(streams)
  })

  it('of a request that expired begins and ends when it was given up', () => {
    const { flow } = anEnding()
    expect(toExpired(model, link, flow, 1_900_000)).toMatchObject({
      queuedAt: 1000,
      startedAt: 1900,
      endedAt: 1900,
      durationSeconds: 0,
      bytesTransferred: 0,
      status: 'failed',
      error: { scope: 'scheduler', class: 'expired', retryable: false },
    })
  })
})
