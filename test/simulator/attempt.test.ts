import { describe, expect, it } from 'vitest'
import { planAttempt, type Request } from '../../simulator/attempt.ts'
import { createModel } from '../../simulator/model.ts'
import { aScenario } from '../support/world.ts'

const model = createModel(aScenario('link: { setupFactor: 2 }'), 7)
const link = model.links[0] as (typeof model.links)[number]
const file = model.scenario.files[0] as (typeof model.scenario.files)[number]

function aRequest(changes: Partial<Request> = {}): Request {
  return { number: 1, attempt: 1, file: 0, sizeBytes: 1e9, luck: 12_345, queuedMs: 0, ...changes }
}

describe('the plan of an attempt', () => {
  it('follows from the luck of the request alone, not from when it is made', () => {
    expect(planAttempt(aRequest({ queuedMs: 99, sizeBytes: 5 }), file, link)).toEqual(
      planAttempt(aRequest(), file, link),
    )
  })

  it('is another for the next attempt and for the next request', () => {
    const draws = [aRequest(), aRequest({ attempt: 2 }), aRequest({ luck: 12_346 })].map(
      (request) => planAttempt(request, file, link).failureDraw,
    )
    expect(new Set(draws).size).toBe(3)
  })

  it('draws setup and speed around the medians of the scenario, speed never above the maximum', () => {
    const plans = Array.from({ length: 4001 }, (_, luck) => planAttempt(aRequest({ luck }), file, link))
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[2000]
    const ofSetup = median(plans.map((plan) => plan.setupSeconds)) ?? 0
    const ofSpeed = median(plans.map((plan) => plan.streamMBps)) ?? 0
    expect(ofSetup / (2 * file.setup.medianSeconds)).toBeCloseTo(1, 1)
    expect(ofSpeed / link.streamMedianMBps).toBeCloseTo(1, 1)
    expect(Math.max(...plans.map((plan) => plan.streamMBps))).toBeLessThanOrEqual(630)
    const failing = plans.filter((plan) => plan.failureDraw < 0.03).length / plans.length
    expect(failing).toBeGreaterThan(0.02)
    expect(failing).toBeLessThan(0.04)
  })
})
