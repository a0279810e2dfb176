import { isSiteName, type SiteName } from '../../lib/names.ts'
import { MAX_INSTANT } from '../../lib/record/validate.ts'
import { RowProblem, type RowReason } from './format.ts'

/** Texts of a file -> values of a record. Each throws RowProblem with the reason that the row is quarantined for. */

export const timeUnits = { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 } as const
export type TimeUnit = keyof typeof timeUnits

export const durationUnits = { ...timeUnits, min: 60, h: 3600 } as const
export type DurationUnit = keyof typeof durationUnits

export const sizeUnits = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const
export type SizeUnit = keyof typeof sizeUnits

/** Decimal, with sign and exponent; what `Number` takes besides (hexadecimal, Infinity, empty) is no number here. */
const decimal = /^[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})(e[+-]?\d{1,3})?$/i

export function toNumber(text: string, reason: RowReason): number {
  const trimmed = text.trim()
  const value = decimal.test(trimmed) ? Number(trimmed) : Number.NaN
  if (!Number.isFinite(value)) throw new RowProblem(reason)
  return value
}

export function toWhole(text: string, min: number, max: number, reason: RowReason = 'bad-value'): number {
  const value = toNumber(text, reason)
  if (!Number.isSafeInteger(value) || value < min || value > max) throw new RowProblem(reason)
  return value
}

/** Bytes. Fractions of a larger unit are rounded to a byte; a fraction of a byte is not a size. */
export function toBytes(text: string, unit: SizeUnit = 'B'): number {
  const value = toNumber(text, 'bad-size')
  if (value < 0) throw new RowProblem('negative-size')
  if (unit === 'B' && value <= Number.MAX_SAFE_INTEGER && !Number.isInteger(value)) throw new RowProblem('bad-size')
  const bytes = Math.round(value * sizeUnits[unit])
  if (!Number.isSafeInteger(bytes)) throw new RowProblem('unsafe-size')
  return bytes
}

/**
 * Raw values that mean "not measured" because a counter was set to -1: as unsigned 32 or
 * 64 bits, or the signed maximum.
 */
const sentinels: ReadonlySet<number> = new Set([2 ** 32 - 1, 2 ** 31 - 1, 2 ** 64])

/** Seconds. Zero is refused by the caller where it is impossible. */
export function toDuration(text: string, unit: DurationUnit): number {
  const value = toNumber(text, 'bad-duration')
  if (sentinels.has(value)) throw new RowProblem('sentinel-duration')
  if (value < 0) throw new RowProblem('negative-duration')
  return value * durationUnits[unit]
}

export type InstantUnit = TimeUnit | 'iso'

/** Unix seconds. */
export function toInstant(text: string, unit: InstantUnit): number {
  const seconds = unit === 'iso' ? isoSeconds(text) : toNumber(text, 'bad-time') * timeUnits[unit]
  if (!(seconds >= 0 && seconds <= MAX_INSTANT)) throw new RowProblem('bad-time')
  return seconds
}

const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i

/** ISO 8601 and what databases print (a space for the T); without a zone it is UTC. */
function isoSeconds(text: string): number {
  const match = iso.exec(text.trim())
  if (match === null) throw new RowProblem('bad-time')
  const [, year, month, day, hour, minute, second, fraction, zone] = match.map((part) => part ?? '')
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const date = new Date(ms)
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!isReal || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw new RowProblem('bad-time')
  return ms / 1000 + Number(fraction === '' ? 0 : fraction) - zoneSeconds(zone ?? '')
}

function zoneSeconds(zone: string): number {
  if (zone === '' || zone.toUpperCase() === 'Z' || zone.toUpperCase() === 'UTC') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  return sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60)
}

/** A site name as it must stand in the file, apart from case. */
export function toSiteName(text: string): SiteName {
  const name = text.trim().toUpperCase()
  if (!isSiteName(name)) throw new RowProblem('bad-name')
  return name
}

/** A host or storage name as a site name: upper case, everything else becomes `_`. */
export function toNormalisedName(text: string): SiteName {
  return toSiteName(
    text
      .trim()
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_|_$/g, ''),
  )
}

/** Text without control characters, cut to `maxLength`; the fallback when nothing is left. */
export function toShortText(text: string, maxLength: number, fallback: string): string {
  let clean = ''
  for (const character of text.trim().slice(0, maxLength)) {
    const code = character.charCodeAt(0)
    clean += code < 0x20 || code === 0x7f ? ' ' : character
  }
  return clean.trim() === '' ? fallback : clean
}
