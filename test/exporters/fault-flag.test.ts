import { describe, expect, it } from 'vitest'
import { parseFaultFlag } from '../../exporters/fault-flag.ts'
import { NOON } from '../support/builders.ts'

describe('a fault on the command line', () => {
  it('names kind, scope, severity, start from the beginning, and duration', () => {
    expect(parseFaultFlag('link-brownout:SITE_A>SITE_B:0.8:6h:20m', 3, NOON)).toEqual({
      v: 1,
      seq: 3,
      at: NOON,
      type: 'fault',
      kind: 'link-brownout',
      scope: { source: 'SITE_A', destination: 'SITE_B' },
      severity: 0.8,
      durationSeconds: 1200,
      effectiveAt: NOON + 21_600,
      hidden: false,
    })
  })

  it.each([
    { text: 'none:platform:1:0:1', scope: { platform: true }, start: 0, duration: 1 },
    { text: 'silent-site:SITE_C:0.001:90:30s', scope: { site: 'SITE_C' }, start: 90, duration: 30 },
    { text: 'silent-site:SITE_C:1:1d:1.5h', scope: { site: 'SITE_C' }, start: 86_400, duration: 5400 },
  ])('understands $text', ({ text, scope, start, duration }) => {
    const fault = parseFaultFlag(text, 1, NOON)
    expect(fault.scope).toEqual(scope)
    expect(fault.effectiveAt - NOON).toBe(start)
    expect(fault.durationSeconds).toBe(duration)
  })

  it.each([
    { text: 'none:SITE_A:1:0', message: 'five parts' },
    { text: 'none:SITE_A:1:0:1:2', message: 'five parts' },
    { text: ':SITE_A:1:0:1', message: 'not a fault' },
    { text: 'none:site_a:1:0:1', message: 'the scope' },
    { text: 'none:SITE_A>SITE_A:1:0:1', message: 'the scope' },
    { text: 'none:SITE_A>SITE_B>SITE_C:1:0:1', message: 'the scope' },
    { text: 'none:SITE_A:0:0:1', message: 'the severity' },
    { text: 'none:SITE_A:1.001:0:1', message: 'the severity' },
    { text: 'none:SITE_A:high:0:1', message: 'the severity' },
    { text: 'none:SITE_A:1:-5:1', message: 'the start' },
    { text: 'none:SITE_A:1:5w:1', message: 'the start' },
    { text: 'none:SITE_A:1:0:0', message: 'the duration' },
  ])('refuses $text: $message', ({ text, message }) => {
    expect(() => parseFaultFlag(text, 1, NOON)).toThrow(message)
  })
})
