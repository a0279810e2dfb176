import { DtmsError } from '../../lib/errors.ts'

/** Where the wanted columns stand in a header; names are compared without case and surrounding spaces. */
export class Header {
  readonly #places = new Map<string, number>()
  readonly #names: readonly string[]
  readonly #missing: string[] = []

  constructor(names: readonly string[]) {
    this.#names = names
    names.forEach((name, place) => {
      const key = keyOf(name)
      if (!this.#places.has(key)) this.#places.set(key, place)
    })
  }

  /** The first of these names that is there. */
  find(...names: string[]): number | undefined {
    for (const name of names) {
      const place = this.#places.get(keyOf(name))
      if (place !== undefined) return place
    }
    return undefined
  }

  /** The same, remembered as missing when none is there: `check` then reports all of them at once. */
  need(...names: string[]): number {
    const place = this.find(...names)
    if (place === undefined) this.#missing.push(names.join(' or '))
    return place ?? 0
  }

  /** @throws DtmsError `input.unreadable` */
  check(format: string): void {
    if (this.#missing.length === 0) return
    const found = this.#names.map((name) => name.slice(0, 40)).slice(0, 30)
    const columns = this.#missing.length === 1 ? 'column' : 'columns'
    throw new DtmsError('input.unreadable', `the file lacks the ${columns} ${this.#missing.join(', ')}`, {
      hint:
        `its first line has: ${found.join(', ')}; ${format} needs those named above. For another layout write a ` +
        'mapping (docs/import.md) and use --format mapped-csv --mapping FILE',
    })
  }
}

function keyOf(name: string): string {
  return name.trim().toLowerCase()
}
