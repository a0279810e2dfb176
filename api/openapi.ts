import { OpenAPIRegistry, OpenApiGeneratorV31, type ResponseConfig } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import type { ResponseText, Route } from '../lib/http/route.ts'
import { version } from '../lib/version.ts'
import { errorBody, problemBody } from './schemas.ts'

const tags = [
  { name: 'sites', description: 'Who records transfers' },
  { name: 'links', description: 'Ordered pairs of sites' },
  { name: 'transfers', description: 'Records of the log' },
  { name: 'anomalies', description: 'Verdicts and their reasons' },
  { name: 'freshness', description: 'Age of the newest record, and whether it is news' },
  { name: 'correlations', description: 'Anomalies against throughput' },
  { name: 'windows', description: 'Closed windows of the event stream' },
  { name: 'alerts', description: 'What Alertmanager has told' },
  { name: 'events', description: 'What happens, while it happens' },
  { name: 'world', description: 'The simulated world and its time' },
  { name: 'faults', description: 'Trouble on demand' },
  { name: 'maintenance', description: 'Announced windows' },
  { name: 'operations', description: 'Health and metrics' },
  { name: 'compatible', description: 'Routes of the platform that DTMS replaces' },
]

/** The OpenAPI 3.1 document, made from the schemas that validate. */
export function openApiDocument(routes: readonly Route[]): object {
  const registry = new OpenAPIRegistry()
  const key = registry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'DTMS_API_KEY, or the file api-key in the data directory',
  })
  for (const route of routes) {
    const { method, path, operationId, summary, description, schemas, responses } = route
    registry.registerPath({
      method,
      path,
      operationId,
      summary,
      ...(description === undefined ? {} : { description }),
      tags: [...route.tags],
      // Reading is open to everybody; said so, because silence means "unknown".
      security: route.changesState ? [{ [key.name]: [] }] : [{}],
      request: {
        ...(schemas.path instanceof z.ZodObject ? { params: schemas.path } : {}),
        ...(schemas.query instanceof z.ZodObject ? { query: schemas.query } : {}),
        ...(schemas.body === undefined
          ? {}
          : {
              body: {
                required: true,
                content: { 'application/json': { schema: schemas.body, example: route.bodyExample } },
              },
            }),
      },
      responses: Object.fromEntries(
        Object.entries({ ...responses, ...errorsOf(route) }).map(([status, text]) => [
          status,
          toResponse(Number(status), text),
        ]),
      ),
    })
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'DTMS',
      version,
      description:
        'Distributed transfer monitoring: sites, links, transfers, anomalies with their reasons, freshness, live events, and faults on demand. Instants are Unix seconds of world time.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags,
  })
}

/** What every route of its kind may answer beside its own results. */
function errorsOf({ schemas, changesState, responses, tags: kinds }: Route): Record<number, ResponseText> {
  const errors: Record<number, ResponseText> = {}
  // Health and metrics are asked for by machines, at their own pace.
  if (!kinds.includes('operations')) errors[429] = { description: 'Too many requests' }
  if (Object.keys(schemas).length > 0) errors[422] = { description: 'The request is not valid; every fault is listed' }
  if (schemas.body !== undefined) {
    errors[413] = { description: 'The body is larger than 64 KiB' }
    errors[415] = { description: 'The body is not JSON' }
  }
  if (changesState) {
    errors[401] = { description: 'The key is missing or wrong', headers: { 'WWW-Authenticate': 'Bearer' } }
    errors[503] = { description: 'The log is not open for writing at present' }
  }
  return Object.fromEntries(Object.entries(errors).filter(([status]) => responses[Number(status)] === undefined))
}

function toResponse(status: number, text: ResponseText): ResponseConfig {
  const headers =
    text.headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(text.headers).map(([name, description]) => [
              name,
              { description, schema: { type: 'string' as const } },
            ]),
          ),
        }
  if (text.schema !== undefined) {
    const example = text.example === undefined ? {} : { example: text.example }
    const content = { [text.contentType ?? 'application/json']: { schema: text.schema, ...example } }
    return { description: text.description, ...headers, content }
  }
  if (status < 400) return { description: text.description, ...headers }
  return {
    description: text.description,
    ...headers,
    content: { 'application/json': { schema: errorBody }, 'application/problem+json': { schema: problemBody } },
  }
}
