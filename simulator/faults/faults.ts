import { destinationFull } from './destination-full.ts'
import type { FaultKind } from './fault.ts'
import { frozenExporter } from './frozen-exporter.ts'
import { linkBrownout } from './link-brownout.ts'
import { maintenance } from './maintenance.ts'
import { none } from './none.ts'
import { silentSite } from './silent-site.ts'
import { slowDrift } from './slow-drift.ts'
import { sourceDown } from './source-down.ts'

/** Every kind of fault. To add one: a file beside this one, and a line here (docs/simulator.md). */
export const faults: ReadonlyMap<string, FaultKind> = new Map(
  [linkBrownout, destinationFull, sourceDown, silentSite, frozenExporter, slowDrift, maintenance, none].map((fault) => [
    fault.description.kind,
    fault,
  ]),
)
