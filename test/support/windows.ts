import { windowsCodec } from '../../lib/streams/codecs.ts'
import type { WindowLine } from '../../lib/streams/windows.ts'
import type { StreamEvent } from '../../streaming/event.ts'
import { type WindowPart, WindowState } from '../../streaming/windows.ts'

const rules = { windowSeconds: 60, watermarkSeconds: 0, latenessSeconds: 0 }

/** The parts that one partition makes of these events, all of them closed. */
export function partsOf(events: readonly StreamEvent[], partition = 0): WindowPart[] {
  const state = new WindowState(rules, partition)
  for (const event of events) state.add(event)
  const parts = state.takeClosed()
  const last = new Map(events.map((event) => [event.site, event]))
  for (const event of last.values()) state.add({ ...event, at: event.at + 7200 })
  return [...parts, ...state.takeClosed()]
}

/** As a reader gets it from the log. */
export function asLine(part: WindowPart, seq = 1): WindowLine {
  const parsed = windowsCodec.parse(Buffer.from(windowsCodec.serialise(part, seq).trimEnd()))
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}
