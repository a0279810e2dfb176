import { type Issue, invalid, type RequestPart } from '../../lib/http/errors.ts'
import type { Scope, SiteName } from '../../lib/names.ts'

/** Names of a request that nobody here has heard of: 422 with those that are known. */
export function requireKnown(
  part: RequestPart,
  names: readonly { loc: readonly string[]; name: SiteName | undefined }[],
  known: readonly SiteName[],
): void {
  const issues: Issue[] = names.flatMap(({ loc, name }) => {
    if (name === undefined || known.includes(name)) return []
    return [{ type: 'unknown_site', loc: [part, ...loc], msg: unknownSite(known), input: name }]
  })
  if (issues.length > 0) throw invalid(issues)
}

export function requireKnownScope(scope: Scope, known: readonly SiteName[]): void {
  if ('platform' in scope) return
  if ('site' in scope) {
    requireKnown('body', [{ loc: ['scope', 'site'], name: scope.site }], known)
    return
  }
  requireKnown(
    'body',
    [
      { loc: ['scope', 'source'], name: scope.source },
      { loc: ['scope', 'destination'], name: scope.destination },
    ],
    known,
  )
}

/** Long lists are cut: the answer must not grow with what an importer brought in. */
function unknownSite(known: readonly SiteName[]): string {
  if (known.length === 0) return 'unknown site; no site is known yet'
  const shown = known.slice(0, 50).join(', ')
  return `unknown site; known: ${shown}${known.length > 50 ? ` and ${known.length - 50} more` : ''}`
}
