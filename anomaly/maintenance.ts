import type { SiteEvent } from '../lib/streams/events.ts'
import type { MaintenanceWindow } from './pipeline.ts'

/** A window is forgotten when it ended this long before the newest event: imports may come late and out of order. */
const KEEP_SECONDS = 14 * 86_400
const MAX_WINDOWS = 1000

/** The announced windows, as far as records may still fall into them. */
export class MaintenanceCalendar {
  #windows: MaintenanceWindow[]

  constructor(windows: readonly MaintenanceWindow[] = []) {
    this.#windows = [...windows]
  }

  get windows(): readonly MaintenanceWindow[] {
    return this.#windows
  }

  observe(event: SiteEvent): void {
    if (event.type !== 'maintenance' || !(event.endsAt > event.startsAt)) return
    const { scope, startsAt, endsAt } = event
    this.#windows = this.#windows.filter((window) => window.endsAt > event.at - KEEP_SECONDS)
    this.#windows.push({ scope, startsAt, endsAt })
    if (this.#windows.length > MAX_WINDOWS) this.#windows.shift()
  }
}
