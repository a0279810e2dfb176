import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeFault, faultCatalogue } from '../../../simulator/faults/catalogue.ts'
import { faults } from '../../../simulator/faults/faults.ts'

describe('the catalogue of faults', () => {
  it('has every fault once, in plain data', () => {
    expect(faultCatalogue.map((entry) => entry.kind)).toEqual([...faults.keys()])
    expect(JSON.parse(JSON.stringify(faultCatalogue))).toEqual(faultCatalogue)
  })

  it.each(faultCatalogue)('describes $kind completely', (entry) => {
    expect(entry.kind).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(entry.scopes).toContain(entry.scopeHint)
    expect(entry.description.length).toBeGreaterThan(30)
    const { severity, durationSeconds } = entry.parameters
    for (const { minimum, maximum, default: proposed } of [severity, durationSeconds]) {
      expect(proposed).toBeGreaterThanOrEqual(minimum)
      expect(proposed).toBeLessThanOrEqual(maximum)
    }
    expect(describeFault(entry.kind)).toBe(entry)
  })

  it('does not know what does not exist', () => {
    expect(describeFault('volcano')).toBeUndefined()
    expect(describeFault('__proto__')).toBeUndefined()
  })

  it('is what docs/faults.md says, line by line', () => {
    const page = readFileSync(new URL('../../../docs/faults.md', import.meta.url), 'utf8')
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    expect(rows).toEqual(
      faultCatalogue.map(
        ({ kind, description, scopes, anomalous, parameters: { severity, durationSeconds } }) =>
          `| \`${kind}\` | ${description} | ${scopes.join(', ')} | ${severity.effect} | ${durationSeconds.minimum} to ${durationSeconds.maximum} | ${anomalous ? 'yes' : 'no'} |`,
      ),
    )
  })
})
