import { z } from 'zod'
import { HttpError } from '../../lib/http/errors.ts'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import type { ApiContext } from '../context.ts'
import { type EventType, eventTypes } from '../events/ring.ts'

const known: ReadonlySet<string> = new Set(eventTypes)
const isEventType = (text: string): text is EventType => known.has(text)

const types = z
  .string()
  .max(200)
  .transform((text, context): Set<EventType> => {
    const names = text.split(',').map((name) => name.trim())
    const good = names.filter(isEventType)
    // Whoever listens to anything must hear that it has missed something.
    if (good.length === names.length) return new Set<EventType>([...good, 'reset'])
    context.addIssue({ code: 'custom', message: `must be a list of: ${eventTypes.join(', ')}` })
    return z.NEVER
  })
  .optional()
  .meta({
    type: 'string',
    description: 'Comma-separated kinds of events; all when absent',
    example: 'anomaly,freshness',
  })

/** Server-sent events. */
export function eventRoutes({ hub }: ApiContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/events',
      operationId: 'streamEvents',
      summary: 'Live events as they are read from the log',
      description:
        'Server-sent events. A client that names the last event it saw (Last-Event-ID) gets what came since; when that is not known any more it gets `reset` and should load the lists again. A comment every 15 s keeps the connection. Who reads too slowly is cut off.',
      tags: ['events'],
      querySchema: z.strictObject({ types }),
      responses: {
        200: {
          description: 'An endless stream',
          contentType: 'text/event-stream',
          schema: z.string(),
          example: 'id: 1696161600000-7\nevent: freshness\ndata: {"site":"SITE_A","state":"late"}\n\n',
        },
        503: { description: 'Too many listeners' },
      },
      handle: ({ query, request, response }) => {
        if (request.method === 'HEAD') {
          response.type('text/event-stream').end()
          return undefined
        }
        if (hub.full) {
          throw new HttpError(503, 'too many listeners', {
            hint: 'try again, or ask the lists instead',
            headers: { 'Retry-After': '30' },
          })
        }
        const last = request.headers['last-event-id']
        response.set({
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-store',
          // Proxies that collect an answer before they pass it on would hold events back.
          'X-Accel-Buffering': 'no',
        })
        response.flushHeaders()
        request.socket.setNoDelay(true)
        hub.connect(response, query.types, typeof last === 'string' ? last : undefined)
        return undefined
      },
    }),
  ]
}
