/** The Link header of a page (RFC 8288): the same query from its beginning, and the next page when there is one. */
export function linksOf(originalUrl: string, nextCursor: string | null): string {
  const [path = '', search = ''] = originalUrl.split('?')
  const to = (cursor: string | undefined, rel: string): string => {
    const parameters = new URLSearchParams(search)
    parameters.delete('cursor')
    if (cursor !== undefined) parameters.set('cursor', cursor)
    const text = parameters.toString()
    return `<${path}${text === '' ? '' : `?${text}`}>; rel="${rel}"`
  }
  return [to(undefined, 'first'), ...(nextCursor === null ? [] : [to(nextCursor, 'next')])].join(', ')
}
