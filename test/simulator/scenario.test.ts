import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../lib/errors.ts'
import { parseScenario, scenarioHash } from '../../simulator/scenario.ts'
import { aScenario, packagedScenario } from '../support/world.ts'

const broken = new URL('../fixtures/bad-config/scenarios/', import.meta.url)
const brokenNames = readdirSync(broken).filter((name) => name.endsWith('.yaml'))

function problemsOf(yaml: string): string {
  try {
    parseScenario(yaml, 'file.yaml')
  } catch (error) {
    if (error instanceof DtmsError && error.code === 'scenario.invalid') return error.message
    throw error
  }
  return 'accepted'
}

describe('a scenario file', () => {
  it.each(brokenNames)('with everything that is wrong with it listed, line and column: %s', (name) => {
    const text = (file: string) => readFileSync(new URL(file, broken), 'utf8')
    let message = ''
    try {
      parseScenario(text(name), name)
    } catch (error) {
      expect(error).toMatchObject({ code: 'scenario.invalid', hint: expect.stringContaining('docs/simulator.md') })
      message = (error as DtmsError).message
    }
    expect(`${message}\n`).toBe(text(name.replace(/yaml$/, 'txt')))
  })

  it.each([
    ['nested beyond reason, in brackets', `name: x\nsites: ${'['.repeat(50_000)}`, 'is nested too deeply'],
    ['nested beyond reason, in dashes', `name: x\nsites:\n  ${'- '.repeat(20_000)}`, 'is nested too deeply'],
    ['too large', `# ${'x'.repeat(65_536)}`, 'is larger than 65536 bytes'],
    ['full of problems', `name: x\nsites: [A, B]\nfaults: [${'1,'.repeat(90)}]`, 'and 40 more'],
  ])('is refused when it is %s', (_, yaml, words) => {
    expect(problemsOf(yaml)).toContain(words)
  })

  it('needs no more than a name and two sites', () => {
    const scenario = parseScenario('name: tiny\nsites: [LEFT, RIGHT]', 'tiny.yaml')
    expect(scenario.links.map(({ source, destination }) => `${source}>${destination}`)).toEqual([
      'LEFT>RIGHT',
      'RIGHT>LEFT',
    ])
  })

  it('written out in full is what holds when nothing is said: default.yaml', () => {
    const { description: _, ...rest } = packagedScenario('default')
    expect(rest).toEqual({ ...aScenario(), name: 'default' })
  })

  it('lets a link say differently what it wants and keeps the rest', () => {
    const scenario = aScenario(`
link: { parallel: 5, arrivals: { activeShare: 0.5 } }
links:
  - { source: SITE_A, destination: SITE_B }
  - { source: SITE_B, destination: SITE_A, capacityMBps: 7, arrivals: { meanPerActiveMinute: 2 } }
`)
    expect(scenario.links).toMatchObject([
      { capacityMBps: 1800, parallel: 5, arrivals: { meanPerActiveMinute: 4.6, activeShare: 0.5 } },
      { capacityMBps: 7, parallel: 5, arrivals: { meanPerActiveMinute: 2, activeShare: 0.5 } },
    ])
  })
})

describe('the hash of a scenario', () => {
  it('does not see comments, order of keys, or defaults that are written out', () => {
    const plain = parseScenario('name: x\nsites: [A, B]', 'x.yaml')
    const wordy = parseScenario('# a comment\nsites:\n  - A\n  - B\nlinkVariety: 0.08\nname: "x"', 'y.yaml')
    expect(scenarioHash(wordy)).toBe(scenarioHash(plain))
  })

  it('sees every difference in meaning', () => {
    const hashes = [
      '',
      'linkVariety: 0.09',
      'retries: { attempts: 2 }',
      'links: [{ source: SITE_A, destination: SITE_B }]',
    ].map((yaml) => scenarioHash(aScenario(yaml)))
    expect(new Set(hashes).size).toBe(4)
  })
})
