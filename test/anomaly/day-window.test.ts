import { describe, expect, test } from 'vitest'
import { DayWindow } from '../../anomaly/day-window.ts'

const DAY = 86_400
const start = 1_696_118_400

describe('the last 24 hours of record time', () => {
  test('count records, anomalies and the highest score of each site', () => {
    const day = new DayWindow()
    day.observe('SITE_A', start, 0.4, false)
    day.observe('SITE_A', start + 60, 0.7, true)
    day.observe('SITE_B', start + 60, undefined, false)
    expect([...day.days()]).toEqual([
      ['SITE_A', { records: 2, anomalies: 1, highestScore: 0.7 }],
      ['SITE_B', { records: 1, anomalies: 0, highestScore: undefined }],
    ])
  })

  test.each([
    [DAY - 1, 2],
    [DAY, 1],
  ])('a record %i s before the newest leaves %i', (age, records) => {
    const day = new DayWindow()
    day.observe('SITE_A', start, 0.9, true)
    day.observe('SITE_A', start + age, 0.1, false)
    expect(day.days().get('SITE_A')).toMatchObject({ records, highestScore: records === 2 ? 0.9 : 0.1 })
  })

  test('a site that has fallen silent has none, and is still named', () => {
    const day = new DayWindow()
    day.observe('SITE_A', start, 0.9, true)
    day.observe('SITE_B', start + 2 * DAY, 0.1, false)
    expect(day.days().get('SITE_A')).toEqual({ records: 0, anomalies: 0, highestScore: undefined })
  })

  test('a record that comes a day late counts nowhere', () => {
    const day = new DayWindow()
    day.observe('SITE_A', start + DAY, 0.1, false)
    day.observe('SITE_A', start, 0.9, true)
    expect(day.days().get('SITE_A')).toMatchObject({ records: 1, anomalies: 0 })
  })

  test('a month takes no more room than a day', () => {
    const day = new DayWindow()
    for (let i = 0; i < 30 * 288; i += 1) day.observe('SITE_A', start + 300 * i, 0.5, false)
    expect(day.save()[0]?.[1].length).toBeLessThanOrEqual(289)
  })

  test('goes on after a restart', () => {
    const day = new DayWindow()
    for (let i = 0; i < 400; i += 1) day.observe(`SITE_${i % 3}`, start + 700 * i, (i % 10) / 10, i % 50 === 0)
    const restored = new DayWindow(structuredClone(day.save()))
    for (const window of [day, restored]) window.observe('SITE_0', start + DAY * 4, 0.5, true)
    expect(restored.days()).toEqual(day.days())
  })
})
