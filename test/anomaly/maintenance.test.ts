import { expect, test } from 'vitest'
import { MaintenanceCalendar } from '../../anomaly/maintenance.ts'
import { siteName } from '../../lib/names.ts'
import type { SiteEvent } from '../../lib/streams/events.ts'
import { NOON } from '../support/builders.ts'

const scope = { site: siteName('SITE_A') }

function aWindow(at: number, startsAt: number, endsAt: number): SiteEvent {
  return { v: 1, seq: 1, at, type: 'maintenance', scope, startsAt, endsAt }
}

test('announced windows are kept, also those of later and those of days ago', () => {
  const calendar = new MaintenanceCalendar()
  calendar.observe(aWindow(NOON, NOON + 60, NOON + 120))
  calendar.observe(aWindow(NOON + 10 * 86_400, NOON + 20 * 86_400, NOON + 21 * 86_400))
  expect(calendar.windows).toEqual([
    { scope, startsAt: NOON + 60, endsAt: NOON + 120 },
    { scope, startsAt: NOON + 20 * 86_400, endsAt: NOON + 21 * 86_400 },
  ])
})

test.each([
  [14 * 86_400 - 1, 2],
  [14 * 86_400, 1],
])('a window that ended %i s before a newer announcement leaves %i', (after, left) => {
  const calendar = new MaintenanceCalendar([{ scope, startsAt: NOON - 60, endsAt: NOON }])
  calendar.observe(aWindow(NOON + after, NOON + after + 60, NOON + after + 120))
  expect(calendar.windows.length).toBe(left)
})

test('pauses and windows without length are no windows', () => {
  const calendar = new MaintenanceCalendar()
  calendar.observe({ v: 1, seq: 1, at: NOON, type: 'paused', from: NOON - 60, to: NOON })
  calendar.observe(aWindow(NOON, NOON + 60, NOON + 60))
  expect(calendar.windows).toEqual([])
})

test('a flood of announcements pushes the oldest out', () => {
  const calendar = new MaintenanceCalendar()
  for (let i = 0; i < 1100; i += 1) calendar.observe(aWindow(NOON, NOON + i, NOON + i + 1))
  expect(calendar.windows.length).toBe(1000)
  expect(calendar.windows[0]?.startsAt).toBe(NOON + 100)
})
