export interface BurnRate {
  factor: number
  long: string
  short: string
  severity: string
}

export function sloRules(root: string): Map<string, string>
export function windowsOf(
  burnRates: readonly BurnRate[],
  period: { name: string; shortest: { long: string; short: string } },
): BurnRate[]
