import { linkKey, siteName } from '../../lib/names.ts'
import type { StreamEvent } from '../../streaming/event.ts'

/** An event of the stream; give what matters. */
export function anEvent(
  parts: Partial<Omit<StreamEvent, 'site' | 'source' | 'destination' | 'link'>> & {
    site?: string
    source?: string
    destination?: string
  } = {},
): StreamEvent {
  const site = siteName(parts.site ?? 'SITE_A')
  const source = siteName(parts.source ?? site)
  const destination = siteName(parts.destination ?? 'SITE_B')
  const seq = parts.seq ?? 1
  return {
    id: `${site}-${seq}`,
    at: 1_700_000_000,
    status: 'ok',
    errorScope: undefined,
    errorClass: undefined,
    bytes: 1000,
    sizeBytes: 1000,
    durationSeconds: 2,
    queueSeconds: 1,
    firstByteSeconds: 0.5,
    attempt: 1,
    traceparent: undefined,
    ...parts,
    ...{ seq, site, source, destination, link: linkKey(source, destination) },
  }
}
