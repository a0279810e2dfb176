import type { Scope } from '../lib/names.ts'
import type { MaintenanceEvent } from '../lib/streams/events.ts'

export const maintenanceStates = ['planned', 'active', 'ended'] as const
export type MaintenanceState = (typeof maintenanceStates)[number]

export interface MaintenanceView {
  /** `m-<who announced it>-<seq>`: a site's exporter, or `api`. */
  id: string
  scope: Scope
  startsAt: number
  endsAt: number
  state: MaintenanceState
  note?: string
}

/** Announced windows that are kept; older ones are only in the log. */
const MOST_WINDOWS = 2000

/** Announced maintenance windows of all writers of the events stream. */
export class MaintenanceBook {
  readonly #windows = new Map<string, Omit<MaintenanceView, 'state'>>()

  apply(writer: string, event: MaintenanceEvent): void {
    const id = `m-${writer}-${event.seq}`
    if (this.#windows.has(id)) return
    const { scope, startsAt, endsAt, note } = event
    this.#windows.set(id, { id, scope, startsAt, endsAt, ...(note === undefined ? {} : { note }) })
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > MOST_WINDOWS && oldest !== undefined) this.#windows.delete(oldest)
  }

  find(id: string, now: number): MaintenanceView | undefined {
    const window = this.#windows.get(id)
    return window === undefined ? undefined : view(window, now)
  }

  /** The one that begins last comes first. */
  list(now: number): MaintenanceView[] {
    return [...this.#windows.values()].sort((a, b) => b.startsAt - a.startsAt).map((window) => view(window, now))
  }
}

function view(window: Omit<MaintenanceView, 'state'>, now: number): MaintenanceView {
  const state = now < window.startsAt ? 'planned' : now < window.endsAt ? 'active' : 'ended'
  return { ...window, state }
}
