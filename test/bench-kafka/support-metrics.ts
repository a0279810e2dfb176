import type { ServiceProcess } from '../support/service-process.ts'

/** What a service shows on its own /metrics. */
export class Shown {
  readonly #lines: readonly string[]

  /** Undefined until it answers. */
  static async of(service: ServiceProcess): Promise<Shown | undefined> {
    const url = service.url()
    if (url === undefined) return undefined
    const answer = await fetch(new URL('/metrics', url)).catch(() => undefined)
    return answer?.ok === true ? new Shown(await answer.text()) : undefined
  }

  private constructor(text: string) {
    this.#lines = text.split('\n')
  }

  /** Summed over all series of that name; 0 where there is none. */
  value(name: string): number {
    return this.#lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** Cumulative counts of a histogram without labels of its own, by upper bound. */
  buckets(name: string): Map<number, number> {
    const counts = new Map<number, number>()
    for (const line of this.#lines) {
      const bound = line.startsWith(`${name}_bucket`) ? /le="([^"]+)"/.exec(line)?.[1] : undefined
      if (bound !== undefined)
        counts.set(
          bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound),
          Number(line.slice(line.lastIndexOf(' ') + 1)),
        )
    }
    return counts
  }
}

/** The upper bound of the bucket in which that share of what came between the two lies. */
export function boundOf(before: Map<number, number>, after: Map<number, number>, share: number): number {
  const grown = [...after].map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }))
  const all = grown.at(-1)?.count ?? 0
  return grown.find(({ count }) => count >= share * all)?.bound ?? Number.NaN
}
