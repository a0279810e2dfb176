import { expect, test } from 'vitest'
import { defineRoute } from '../../../lib/http/route.ts'
import { securityHeaders } from '../../../lib/http/security-headers.ts'
import { aServer, ask } from '../../support/http.ts'

test('exceptions widen styles and workers, never scripts', async () => {
  const policy = securityHeaders({ styles: ["'unsafe-inline'"], workers: ['blob:'] })
  const route = defineRoute({
    method: 'get',
    path: '/page',
    operationId: 'page',
    summary: '',
    tags: [],
    responses: {},
    handle: ({ request, response }) => {
      policy(request, response, () => {})
      return { body: '' }
    },
  })
  const { url } = await aServer([route])
  const sent = (await ask(`${url}/page`)).headers['content-security-policy']
  expect(sent).toContain("style-src 'self' 'unsafe-inline'")
  expect(sent).toContain('worker-src blob:')
  expect(sent).toContain("script-src 'self';")
})
