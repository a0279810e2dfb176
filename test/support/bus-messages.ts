import type { BusMessage, BusRecord } from '../../streaming/bus.ts'

/** What a reader gets of a record that a publisher handed over. */
export function asMessage({ key, value, headers, timestampMs }: BusRecord, offset = 0): BusMessage {
  return { offset, key, value, headers, timestampMs }
}

/** A message with a value of one's own: text as it is, everything else as JSON. */
export function aMessage(value: unknown, parts: Partial<Omit<BusMessage, 'value'>> = {}): BusMessage {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return {
    offset: 0,
    key: 'SITE_A>SITE_B',
    headers: new Map(),
    timestampMs: 1_700_000_000_000,
    ...parts,
    value: text === undefined ? undefined : Buffer.from(text),
  }
}

/** The fewest fields that the consumer needs. */
export function plainTransfer(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ event_type: 'data_transfer', site: 'SITE_A', seq: 5, src_site: 'SITE_A', dst_site: 'SITE_B' },
    ...{ bytes: 1000, duration: 2.5, latency_ms: 250, status: 'OK', timestamp: 1_700_000_000.25 },
    ...fields,
  }
}
