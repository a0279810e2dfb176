import type { z } from 'zod'
import type { Scope } from '../lib/names.ts'
import { faults } from './faults/faults.ts'
import { linkSchema, MAX_LINKS, scenarioSchema } from './scenario-schema.ts'

/** Requests per minute that all links together may bring on average: enough for 70 default worlds side by side. */
const MAX_ARRIVALS_PER_MINUTE = 2000

export interface ScenarioProblem {
  path: PropertyKey[]
  message: string
}

const sections = scenarioSchema.shape

/**
 * What the parts of a scenario must be to each other. Looks at every part that is sound by itself, so that one broken
 * part does not hide the problems of the others.
 */
export function checkScenario(raw: unknown): ScenarioProblem[] {
  const file = raw !== null && typeof raw === 'object' ? (raw as Record<string, unknown>) : {}
  const problems: ScenarioProblem[] = []
  const report = (path: PropertyKey[], message: string) => problems.push({ path, message })

  const sites = sections.sites.safeParse(file.sites).data
  const names = new Set<string>(sites)
  sites?.forEach((site, index) => {
    if (sites.indexOf(site) < index) report(['sites', index], `${site} is listed twice`)
  })
  const knows = (path: PropertyKey[], site: string) => {
    if (sites !== undefined && !names.has(site)) report(path, `${site} is not among the sites`)
  }

  const usual = sections.link.safeParse(file.link).data?.arrivals.meanPerActiveMinute ?? 1
  let perMinute = 0
  if (file.links === undefined || file.links === 'all') {
    const count = names.size * (names.size - 1)
    if (count > MAX_LINKS) report(['sites'], `all to all makes ${count} links, at most ${MAX_LINKS} are allowed`)
    perMinute = usual * count
  }
  const pairs = new Set<string>()
  eachSound(file.links, linkSchema, (link, index) => {
    const path = ['links', index]
    knows([...path, 'source'], link.source)
    knows([...path, 'destination'], link.destination)
    const pair = `${link.source}>${link.destination}`
    if (link.source === link.destination) report([...path, 'destination'], 'a link joins two different sites')
    if (pairs.has(pair)) report(path, `the link ${pair} is listed twice`)
    pairs.add(pair)
    perMinute += link.arrivals?.meanPerActiveMinute ?? usual
  })
  if (perMinute > MAX_ARRIVALS_PER_MINUTE)
    report(
      ['links'],
      `bring ${round(perMinute)} requests a minute together, at most ${MAX_ARRIVALS_PER_MINUTE} are allowed`,
    )

  const files = sections.files.safeParse(file.files).data ?? []
  const share = files.reduce((sum, { share }) => sum + share, 0)
  if (files.length > 0 && Math.abs(share - 1) > 1e-6)
    report(['files'], `the shares must add up to 1, they make ${round(share)}`)

  const checkScope = (path: PropertyKey[], kind: string, scope: Scope) => {
    const { scopes } = faults.get(kind)?.description ?? {}
    const type = scopeType(scope)
    if (scopes?.includes(type) === false) report(path, `${kind} acts on a ${scopes.join(' or ')}, not on a ${type}`)
    for (const [end, site] of Object.entries(scope)) if (typeof site === 'string') knows([...path, end], site)
  }
  eachSound(file.faults, sections.faults.unwrap().element, (fault, index) => {
    const path = ['faults', index]
    const longest = faults.get(fault.kind)?.description.parameters.durationSeconds.maximum
    if (longest === undefined) report([...path, 'kind'], `unknown fault; known are ${[...faults.keys()].join(', ')}`)
    else if (fault.kind === 'maintenance')
      report([...path, 'kind'], 'planned maintenance belongs in the section maintenance')
    else if (fault.durationSeconds > longest)
      report([...path, 'durationSeconds'], `${fault.kind} lasts at most ${longest} seconds`)
    checkScope([...path, 'scope'], fault.kind, fault.scope)
  })
  eachSound(file.maintenance, sections.maintenance.unwrap().element, (window, index) => {
    checkScope(['maintenance', index, 'scope'], 'maintenance', window.scope)
  })
  return problems
}

export function scopeType(scope: Scope): 'site' | 'link' | 'platform' {
  if ('platform' in scope) return 'platform'
  return 'site' in scope ? 'site' : 'link'
}

function eachSound<T>(list: unknown, schema: z.ZodType<T>, visit: (item: T, index: number) => void): void {
  if (!Array.isArray(list)) return
  list.forEach((item, index) => {
    const parsed = schema.safeParse(item)
    if (parsed.success) visit(parsed.data, index)
  })
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
