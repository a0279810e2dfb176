import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadScenario, packagedScenarios, requireSite } from '../../exporters/scenario-file.ts'
import { siteName } from '../../lib/names.ts'
import { aFolder } from '../support/builders.ts'

describe('a scenario', () => {
  it('is found by name among the packaged ones', () => {
    expect(packagedScenarios()).toContain('default')
    for (const name of packagedScenarios()) expect(loadScenario(name).name).toBe(name)
  })

  it('is read from a path, and named after the file', () => {
    const path = join(aFolder(), 'two-sites.yaml')
    writeFileSync(path, 'name: default\nsites: [NORTH, SOUTH]\n')
    const loaded = loadScenario(path)
    expect(loaded.name).toBe('two-sites')
    expect(loaded.scenario.sites).toEqual(['NORTH', 'SOUTH'])
    expect(loaded.sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    { what: 'an unknown name', scenario: 'nowhere', message: 'there is no scenario named nowhere' },
    { what: 'a name that climbs', scenario: '..%2Fdefault', message: 'there is no scenario named' },
    { what: 'a missing file', scenario: '/nowhere/x.yaml', message: 'cannot be read (ENOENT)' },
    { what: 'a folder', scenario: './test', message: 'cannot be read (EISDIR)' },
  ])('says which ones there are for $what', ({ scenario, message }) => {
    expect(() => loadScenario(scenario)).toThrow(message)
    expect(() => loadScenario(scenario)).toThrow(
      expect.objectContaining({ code: 'scenario.invalid', hint: expect.stringContaining('default') }),
    )
  })

  it('lists every problem of a wrong file with line and column', () => {
    const path = join(aFolder(), 'wrong.yaml')
    writeFileSync(path, 'name: default\nsites: [north, SOUTH]\nmood: calm\n')
    expect(() => loadScenario(path)).toThrow(/wrong\.yaml:2:\d+ [\s\S]*wrong\.yaml:3:\d+ /)
  })

  it('has to have the site that an exporter is for', () => {
    const loaded = loadScenario('default')
    expect(() => requireSite(loaded, siteName('SITE_C'))).not.toThrow()
    expect(() => requireSite(loaded, siteName('SITE_X'))).toThrow(
      expect.objectContaining({ code: 'config.invalid', hint: expect.stringContaining('SITE_A, SITE_B, SITE_C') }),
    )
  })
})
