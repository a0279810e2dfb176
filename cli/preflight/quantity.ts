/**
 * Kubernetes quantities, exactly: whole numbers of 10⁻⁹, the finest step that the API keeps. A CPU core and a byte are
 * both 10⁹ of them.
 */
export type Quantity = bigint

export const ONE: Quantity = 1_000_000_000n
export const KIBI = 1024n

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,3})?$/

const DECIMAL_POWERS: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const BINARY_POWERS: Record<string, bigint> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n }

/** Undefined when the text is no quantity. What is finer than 10⁻⁹ is rounded up, as the API does. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const [, sign, whole = '', fraction = '', suffix = ''] = FORM.exec(String(text).trim()) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const binary = BINARY_POWERS[suffix]
  const exponent = /^[eE][+-]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL_POWERS[suffix] ?? 0)
  const power = 9 + exponent - fraction.length
  const value = scale(digits * (binary === undefined ? 1n : KIBI ** binary), power)
  return sign === '-' ? -value : value
}

function scale(value: bigint, power: number): bigint {
  return power >= 0 ? value * 10n ** BigInt(power) : ceilDivide(value, 10n ** BigInt(-power))
}

/** Both sides positive. */
export function ceilDivide(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}

/** The API's own way to write CPU and counts: 3, 765m. */
export function decimalText(value: Quantity): string {
  if (value % ONE === 0n) return String(value / ONE)
  for (const [step, suffix] of [
    [1_000_000n, 'm'],
    [1000n, 'u'],
  ] as const) {
    if (value % step === 0n) return `${value / step}${suffix}`
  }
  return `${value}n`
}

/** The API's own way to write bytes: the largest binary unit that leaves no fraction: 4Gi, 1632Mi. */
export function binaryText(value: Quantity): string {
  if (value % ONE !== 0n || value === 0n) return decimalText(value)
  let bytes = value / ONE
  let unit = 0
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
  while (unit < units.length - 1 && bytes % KIBI === 0n) {
    bytes /= KIBI
    unit += 1
  }
  return `${bytes}${units[unit]}`
}

/** Whether the values of a resource (as pods or quotas name it) are bytes. */
export function isBytes(resource: string): boolean {
  return /(^|[./])(memory|storage|ephemeral-storage)$|hugepages-/.test(resource)
}

export function quantityText(resource: string, value: Quantity): string {
  return isBytes(resource) ? binaryText(value) : decimalText(value)
}

/** For people: at most two decimals, in cores, GiB or MiB. */
export function readable(resource: string, value: Quantity): string {
  if (!isBytes(resource)) return isCpu(resource) ? `${rounded(value, ONE)} vCPU` : decimalText(value)
  const gibi = ONE * KIBI ** 3n
  return value >= gibi || value === 0n ? `${rounded(value, gibi)} GiB` : `${rounded(value, ONE * KIBI ** 2n)} MiB`
}

export function isCpu(resource: string): boolean {
  return /(^|\.)cpu$/.test(resource)
}

function rounded(value: bigint, unit: bigint): string {
  const hundredths = ceilDivide(value * 100n, unit)
  const text = `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`
  return text.replace(/\.?0+$/, '')
}
