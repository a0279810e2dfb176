import { z } from 'zod'
import { HttpError } from '../../lib/http/errors.ts'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import { securityHeaders } from '../../lib/http/security-headers.ts'
import { docsHtml, documents, redocHtml } from '../documents.ts'
import { openApiDocument } from '../openapi.ts'

const swaggerPolicy = securityHeaders({ styles: ["'unsafe-inline'"] })
const redocPolicy = securityHeaders({ styles: ["'unsafe-inline'"], workers: ['blob:'] })

/** The OpenAPI document of `described` and the two pages that render it, all from this server. */
export function documentRoutes(described: readonly Route[]): Route[] {
  const tags = ['compatible']
  let document: object | undefined
  const html = { description: 'A page', contentType: 'text/html', schema: z.string() }
  return [
    defineRoute({
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document',
      tags,
      responses: { 200: { description: 'OpenAPI 3.1', schema: z.object({}).loose() } },
      handle: () => {
        document ??= openApiDocument([...described, ...documentRoutes([])])
        return { body: document, headers: { 'Cache-Control': 'no-cache' } }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/docs',
      operationId: 'getDocs',
      summary: 'Documentation to read and try (Swagger UI)',
      tags,
      responses: { 200: html },
      handle: async ({ request, response }) => {
        swaggerPolicy(request, response, () => {})
        response
          .set('Cache-Control', 'no-cache')
          .type('html')
          .send(await docsHtml())
        return undefined
      },
    }),
    defineRoute({
      method: 'get',
      path: '/redoc',
      operationId: 'getRedoc',
      summary: 'Documentation to read (Redoc)',
      tags,
      responses: { 200: html },
      handle: async ({ request, response }) => {
        redocPolicy(request, response, () => {})
        response
          .set('Cache-Control', 'no-cache')
          .type('html')
          .send(await redocHtml())
        return undefined
      },
    }),
  ]
}

/** Styles and scripts of the pages; not part of the described API. */
export function assetRoutes(): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/assets/{name}',
      operationId: 'getAsset',
      summary: 'A file of the pages',
      tags: [],
      pathSchema: z.strictObject({ name: z.string().max(64) }),
      responses: { 200: { description: 'The file' } },
      handle: async ({ path, response }) => {
        const document = documents.get(path.name)
        if (document === undefined) throw new HttpError(404, 'Not Found')
        response
          .set('Cache-Control', 'no-cache')
          .type(document.type)
          .send(await document.read())
        return undefined
      },
    }),
  ]
}
