import { describe, expect, test } from 'vitest'
import { startApi } from '../../support/api.ts'

describe('documentation', () => {
  test.each([
    ['/docs', 'swagger-ui-bundle.js'],
    ['/redoc', 'redoc.standalone.js'],
  ])('%s is a page under a policy without inline scripts', async (path, script) => {
    const { get } = await startApi()
    const answer = await get(path)
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(answer.text).toContain(`/assets/${script}`)
    expect(answer.headers['content-security-policy']).toContain("script-src 'self';")
  })

  test('/openapi.json is JSON and 304 for who has it', async () => {
    const { get } = await startApi()
    const answer = await get('/openapi.json')
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    const again = await get('/openapi.json', { headers: { 'if-none-match': answer.headers.etag ?? '' } })
    expect(again.status).toBe(304)
  })

  test.each([
    ['page.css', 'text/css; charset=utf-8'],
    ['page.js', 'text/javascript; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
  ])('/assets/%s has its type', async (name, type) => {
    const { get } = await startApi()
    const answer = await get(`/assets/${name}`)
    expect([answer.status, answer.headers['content-type']]).toEqual([200, type])
  })

  test.each(['index.html', '..%2fapp.ts', '__proto__', 'constructor', '%2e%2e%2fpackage.json'])(
    '/assets/%s is not there',
    async (name) => {
      const { get } = await startApi()
      expect((await get(`/assets/${name}`)).status).toBe(404)
    },
  )
})
