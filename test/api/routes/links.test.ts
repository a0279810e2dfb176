import { expect, it } from 'vitest'
import { linksOf } from '../../../api/routes/links.ts'

it.each([
  ['/v1/x', null, '</v1/x>; rel="first"'],
  ['/v1/x?a=1&cursor=c1', 'c2', '</v1/x?a=1>; rel="first", </v1/x?a=1&cursor=c2>; rel="next"'],
])('%s with the next page %j', (url, next, header) => {
  expect(linksOf(url, next)).toBe(header)
})
