import { createHash } from 'node:crypto'
import type { SiteName } from '../lib/names.ts'
import { parseYamlFile } from '../lib/yaml-file.ts'
import { checkScenario } from './scenario-checks.ts'
import { type LinkDefaults, type ScenarioFile, scenarioSchema } from './scenario-schema.ts'

/** One ordered link with everything that it is like. */
export interface LinkSpec extends LinkDefaults {
  source: SiteName
  destination: SiteName
}

/** A checked scenario: what to simulate, complete, with every link written out. */
export interface Scenario extends Omit<ScenarioFile, 'link' | 'links'> {
  links: LinkSpec[]
}

/** Room for 256 links that each say something, and little enough that no file takes long to read. */
const MAX_SCENARIO_BYTES = 64 * 1024

/**
 * Reads a scenario file.
 * @throws DtmsError `scenario.invalid` that lists every problem with its line and column, first come first
 */
export function parseScenario(yamlText: string, fileName: string): Scenario {
  const file = parseYamlFile<ScenarioFile>(yamlText, fileName, {
    schema: scenarioSchema,
    code: 'scenario.invalid',
    hint: 'correct the file; docs/simulator.md describes the format, simulator/scenarios/default.yaml is an example',
    maxBytes: MAX_SCENARIO_BYTES,
    check: checkScenario,
  })
  return complete(file)
}

/** Identity of what a scenario means: comments, order of keys and written-out defaults do not count. */
export function scenarioHash(scenario: Scenario): string {
  return createHash('sha256').update(JSON.stringify(scenario)).digest('hex')
}

function complete(file: ScenarioFile): Scenario {
  const { link: defaults, links, ...rest } = file
  const listed =
    links === 'all'
      ? file.sites.flatMap((source) =>
          file.sites.filter((destination) => destination !== source).map((destination) => ({ source, destination })),
        )
      : links
  return { ...rest, links: listed.map((link) => withDefaults(defaults, link)) }
}

function withDefaults(defaults: LinkDefaults, link: Exclude<ScenarioFile['links'], 'all'>[number]): LinkSpec {
  return {
    source: link.source,
    destination: link.destination,
    capacityMBps: link.capacityMBps ?? defaults.capacityMBps,
    parallel: link.parallel ?? defaults.parallel,
    setupFactor: link.setupFactor ?? defaults.setupFactor,
    rttSeconds: link.rttSeconds ?? defaults.rttSeconds,
    lossShare: link.lossShare ?? defaults.lossShare,
    protocol: link.protocol ?? defaults.protocol,
    arrivals: { ...defaults.arrivals, ...link.arrivals } as LinkDefaults['arrivals'],
    stream: { ...defaults.stream, ...link.stream } as LinkDefaults['stream'],
  }
}
