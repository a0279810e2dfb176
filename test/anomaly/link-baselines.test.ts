import { describe, expect, test } from 'vitest'
import {
  ActivityCurves,
  LinkBaselines,
  plainEstimate,
  ScopeBaselines,
  sizeEstimate,
} from '../../anomaly/link-baselines.ts'
import { at } from '../../anomaly/measurement.ts'
import { NOON } from '../support/builders.ts'

const WEEK = 7 * 86_400

describe('curves for each activity', () => {
  test('are kept apart', () => {
    const curves = new ActivityCurves()
    for (let i = 0; i < 40; i += 1) {
      curves.of('raw').learn(9, 2)
      curves.of('small').learn(9, 1)
    }
    expect(curves.of('raw').bin(27)?.own()?.center).toBe(2)
    expect(curves.of('small').bin(27)?.own()?.center).toBe(1)
  })

  test('are shared by all activities after the eighth: names come from the input', () => {
    const curves = new ActivityCurves()
    for (let i = 0; i < 100; i += 1) curves.of(`activity-${i}`)
    expect(curves.of('activity-50')).toBe(curves.of('activity-99'))
    expect(curves.of('activity-7')).not.toBe(curves.of('activity-99'))
    expect(curves.save().length).toBe(9)
  })

  test('come back from their state', () => {
    const curves = new ActivityCurves()
    for (let i = 0; i < 20; i += 1) curves.of('raw').learn(9, i)
    expect(new ActivityCurves(structuredClone(curves.save())).save()).toEqual(curves.save())
  })
})

describe('the hours of the week', () => {
  function learn(link: LinkBaselines, week: number, value: number, count = 40): void {
    for (let i = 0; i < count; i += 1) link.learnHour(NOON + week * WEEK + i, value)
  }

  test('tell what was usual in the same hour of earlier weeks, not in this one', () => {
    const link = new LinkBaselines()
    learn(link, 0, -1)
    expect(link.hourEstimate(NOON + 60)).toBeUndefined()
    learn(link, 1, 5, 1)
    expect(link.hourEstimate(NOON + WEEK)?.center).toBe(-1)
    expect(link.hourEstimate(NOON + WEEK + 3600)).toBeUndefined()
  })

  test.each([
    [29, false],
    [30, true],
  ])('after %i values in an hour say something: %s', (count, expected) => {
    const link = new LinkBaselines()
    learn(link, 0, 1, count)
    learn(link, 1, 1, 1)
    expect(link.hourEstimate(NOON + WEEK) !== undefined).toBe(expected)
  })

  test('are forgotten when the link has changed', () => {
    const link = new LinkBaselines()
    learn(link, 0, 1)
    learn(link, 1, 1)
    link.forgetHours()
    expect(link.hourEstimate(NOON + WEEK)).toBeUndefined()
  })

  test('go on after a restart', () => {
    const link = new LinkBaselines()
    learn(link, 0, 1)
    learn(link, 1, 2, 10)
    const restored = new LinkBaselines(structuredClone(link.save()))
    for (const one of [link, restored]) learn(one, 2, 3)
    expect(restored.save()).toEqual(link.save())
  })
})

describe('a chain of scopes', () => {
  const everything = new ScopeBaselines()
  for (let i = 0; i < 60; i += 1) {
    everything.plain[at.queue]?.learn(3)
    everything.rate.of('raw').learn(9, 8)
  }

  test('falls back to everything where the link has seen nothing', () => {
    expect(plainEstimate([new ScopeBaselines(), everything], at.queue)?.center).toBe(3)
    expect(sizeEstimate([new ScopeBaselines(), everything], 'rate', 'raw', 9)?.center).toBe(8)
  })

  test('says nothing about what nobody has seen', () => {
    expect(plainEstimate([new ScopeBaselines(), everything], at.rtt)).toBeUndefined()
    expect(sizeEstimate([everything], 'rate', 'raw', 3)).toBeUndefined()
    expect(sizeEstimate([everything], 'rate', 'small', 9)).toBeUndefined()
  })

  test('believes the link as soon as it has seen enough', () => {
    const link = new ScopeBaselines()
    for (let i = 0; i < 30; i += 1) link.plain[at.queue]?.learn(1)
    expect(plainEstimate([link, everything], at.queue)?.center).toBe(1)
  })
})
