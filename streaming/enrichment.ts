import type { SiteName } from '../lib/names.ts'
import type { StreamEvent } from './event.ts'

/** What is known of a site besides its name; from the optional part `sites` of the file of routes. */
export interface SiteFacts {
  /** For people. */
  name?: string | undefined
  /** Sites of one group are near each other: a campus, a country, a provider. */
  group?: string | undefined
}

export interface SizeBounds {
  /** Below this a file is small: setting the transfer up takes longer than moving it. */
  smallBelowBytes: number
  /** From this on it is large: one of these decides how long a link is busy. */
  largeFromBytes: number
}

export const sizeBounds: SizeBounds = { smallBelowBytes: 100_000_000, largeFromBytes: 10_000_000_000 }

export const sizeClasses = ['small', 'medium', 'large'] as const
export type SizeClass = (typeof sizeClasses)[number]

/** local: a site to itself; internal: within a group; external: between groups; unknown: a group is not stated. */
export const routeClasses = ['local', 'internal', 'external', 'unknown'] as const
export type RouteClass = (typeof routeClasses)[number]

export interface Enrichment {
  sourceName: string
  destinationName: string
  routeClass: RouteClass
  sizeClass: SizeClass
}

/** Adds what follows from the event and the facts, and nothing that would have to be guessed. */
export class Enricher {
  readonly #sites: ReadonlyMap<string, SiteFacts>
  readonly #bounds: SizeBounds

  constructor(sites: ReadonlyMap<string, SiteFacts> = new Map(), bounds: SizeBounds = sizeBounds) {
    this.#sites = sites
    this.#bounds = bounds
  }

  enrich({ source, destination, sizeBytes }: StreamEvent): Enrichment {
    const { smallBelowBytes, largeFromBytes } = this.#bounds
    return {
      sourceName: this.#sites.get(source)?.name ?? source,
      destinationName: this.#sites.get(destination)?.name ?? destination,
      routeClass: this.#routeClass(source, destination),
      sizeClass: sizeBytes < smallBelowBytes ? 'small' : sizeBytes >= largeFromBytes ? 'large' : 'medium',
    }
  }

  #routeClass(source: SiteName, destination: SiteName): RouteClass {
    if (source === destination) return 'local'
    const groups = [this.#sites.get(source)?.group, this.#sites.get(destination)?.group]
    if (groups.includes(undefined)) return 'unknown'
    return groups[0] === groups[1] ? 'internal' : 'external'
  }
}
