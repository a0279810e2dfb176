/** Something else that could be applied. */
export interface Choice {
  profile: string
  components: readonly string[]
}

/** From the largest to the smallest, each above an overlay that is not one of the numbered profiles. */
const SMALLER: readonly (readonly string[])[] = [
  ['storage-rwo-colocated'],
  ['storage-rwo-colocated', 'small'],
  ['single-pod'],
  ['single-pod', 'without-grafana'],
]

/**
 * What to try when `chosen` does not fit, the largest first: the other numbered profiles; for an overlay of another
 * platform, which they do not run on, itself with less.
 * @param chosen undefined when the manifests were rendered by somebody else
 */
export function otherChoices(chosen: string | undefined, profiles: readonly string[]): Choice[] {
  if (chosen !== undefined && !isNumbered(chosen)) {
    return SMALLER.map((components) => ({ profile: chosen, components }))
  }
  return profiles
    .filter((name) => isNumbered(name) && name !== chosen)
    .sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a) || (a < b ? -1 : 1))
    .map((profile) => ({ profile, components: [] }))
}

export function choiceText({ profile, components }: Choice): string {
  return components.length === 0 ? `profile ${profile}` : `profile ${profile} with ${components.join(' and ')}`
}

function isNumbered(profile: string): boolean {
  return /^\d/.test(profile)
}
