import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../api/openapi.ts'
import { startApi } from '../support/api.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security: Record<string, unknown>[]
  parameters?: { name: string; in: string; schema: { type?: unknown }; required: boolean }[]
  requestBody?: { required: boolean; content: { 'application/json': { schema: unknown; example: unknown } } }
  responses: Record<string, { description: string; content?: Record<string, unknown> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> }
  tags: { name: string }[]
}

async function aDocument(): Promise<{ document: Document; operations: { key: string; operation: Operation }[] }> {
  const { get } = await startApi()
  const document = (await get('/openapi.json')).json as Document
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, operation })),
  )
  return { document, operations }
}

describe('the OpenAPI document', () => {
  test('is 3.1 and describes every route that is mounted', async () => {
    const { document, operations } = await aDocument()
    expect(document.openapi).toBe('3.1.0')
    const { api } = await startApi()
    const mounted = api.routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    expect(operations.map(({ key }) => key).sort()).toEqual(mounted.sort())
  })

  test('gives every operation an id of its own, a known tag, a summary and its security', async () => {
    const { document, operations } = await aDocument()
    const tags = document.tags.map(({ name }) => name)
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { key, operation } of operations) {
      expect([key, operation.tags.length > 0 && operation.tags.every((tag) => tags.includes(tag))]).toEqual([key, true])
      expect(operation.summary.length).toBeGreaterThan(5)
      const keyed = !key.startsWith('GET')
      expect([key, operation.security]).toEqual([key, keyed ? [{ key: [] }] : [{}]])
      expect(Object.keys(operation.responses).includes('401')).toBe(keyed)
    }
  })

  test('says what every parameter and every answer looks like', async () => {
    const { operations } = await aDocument()
    for (const { key, operation } of operations) {
      for (const { name, schema } of operation.parameters ?? [])
        expect([key, name, schema]).toEqual([key, name, expect.objectContaining({ type: expect.anything() })])
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const media = Object.keys(content ?? {})
        if (Number(status) < 400 || key.includes('/health/'))
          expect([key, status, media.length]).toEqual([key, status, 1])
        else expect([key, status, media]).toEqual([key, status, ['application/json', 'application/problem+json']])
      }
      if (operation.requestBody !== undefined)
        expect(operation.requestBody.content['application/json'].example).toBeDefined()
    }
  })

  test('refers to nothing that is not there', async () => {
    const { document } = await aDocument()
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    )
    expect(references.length).toBeGreaterThan(20)
    for (const name of references) expect(document.components.schemas).toHaveProperty(name ?? '')
    expect(document.components.securitySchemes).toMatchObject({ key: { type: 'http', scheme: 'bearer' } })
  })

  test('of no routes is a document all the same', () => {
    expect(openApiDocument([])).toMatchObject({ openapi: '3.1.0', info: { title: 'DTMS' } })
  })
})
