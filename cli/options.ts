import { InvalidArgumentError, Option } from 'commander'
import type { CliContext } from './context.ts'

/** An option that is another way to give a setting: it wins over the environment. */
export interface EnvOption {
  flags: string
  env: string
  description: string
}

export const dataOption: EnvOption = {
  flags: '--data <dir>',
  env: 'DTMS_DATA_DIR',
  description: 'folder of the shared volume (DTMS_DATA_DIR, ./data)',
}

export function toOption(option: EnvOption): Option {
  return new Option(option.flags, option.description)
}

/** The environment with what the command line says laid over it. */
export function withOptions(
  context: CliContext,
  options: readonly EnvOption[],
  given: Record<string, unknown>,
): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...context.env }
  for (const option of options) {
    const value = given[toOption(option).attributeName()]
    if (value !== undefined) env[option.env] = String(value)
  }
  return env
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || text.trim() === '') throw new InvalidArgumentError('must be a whole number')
  return value
}

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('must be a number above 0')
  return value
}

/** An ISO date or instant (UTC when it names no zone), or Unix seconds. */
export function instant(text: string): number {
  const asNumber = Number(text)
  if (text.trim() !== '' && Number.isFinite(asNumber)) return asNumber
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`
  const milliseconds = Date.parse(zoned)
  if (Number.isNaN(milliseconds)) {
    throw new InvalidArgumentError('must be a date such as 2026-01-05 or 2026-01-05T12:00:00Z, or Unix seconds')
  }
  return milliseconds / 1000
}
