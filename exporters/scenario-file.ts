import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DtmsError, describeSystemError } from '../lib/errors.ts'
import type { SiteName } from '../lib/names.ts'
import { parseScenario, type Scenario, scenarioHash } from '../simulator/scenario.ts'

/** Scenarios that come with DTMS lie beside the simulator, in the sources and in a build alike. */
const PACKAGED = new URL('../simulator/scenarios/', import.meta.url)

/** More than any sensible scenario, little enough to read at once. */
const MAX_BYTES = 1_048_576

export interface LoadedScenario {
  /** Name of a packaged scenario, or of the file without its extension. */
  name: string
  scenario: Scenario
  sha256: string
}

/**
 * Reads a scenario: a packaged one by name (`default`), or a YAML file by its path.
 * @throws DtmsError `scenario.invalid` that lists every problem, or says which scenarios there are
 */
export function loadScenario(nameOrPath: string): LoadedScenario {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath)
  const path = isPath ? nameOrPath : fileURLToPath(new URL(`${encodeURIComponent(nameOrPath)}.yaml`, PACKAGED))
  const name = isPath ? basename(nameOrPath).replace(/\.ya?ml$/, '') : nameOrPath
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const what = isPath ? `the scenario file ${path} cannot be read` : `there is no scenario named ${nameOrPath}`
    throw new DtmsError('scenario.invalid', `${what} (${describeSystemError(error)})`, {
      hint: `use one of ${packagedScenarios().join(', ')}, or the path of a YAML file (DTMS_SCENARIO, --scenario)`,
      cause: error,
    })
  }
  if (bytes.length > MAX_BYTES) {
    throw new DtmsError('scenario.invalid', `the scenario file ${path} is larger than 1 MiB`, {
      hint: 'a scenario describes sites and links in a few kilobytes: check that this is the right file',
    })
  }
  const scenario = parseScenario(bytes.toString('utf8'), isPath ? nameOrPath : `${nameOrPath}.yaml`)
  return { name, scenario, sha256: scenarioHash(scenario) }
}

/** @throws DtmsError `config.invalid` when the scenario has no such site */
export function requireSite(loaded: LoadedScenario, site: SiteName): void {
  const { sites } = loaded.scenario
  if (sites.includes(site)) return
  throw new DtmsError('config.invalid', `${site} is not a site of the scenario ${loaded.name}`, {
    hint: `use one of its sites (SITE_NAME, --site): ${sites.join(', ')}`,
  })
}

export function packagedScenarios(): string[] {
  return readdirSync(PACKAGED)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))
    .sort()
}
