import { readFileSync } from 'node:fs'
import { DtmsError, describeSystemError } from '../lib/errors.ts'
import type { StreamConfig } from './config.ts'
import { noRoutes, parseRoutes, type RouteTable, topicsOf } from './routing.ts'

/**
 * The table of rules that the settings name.
 * @throws DtmsError `config.invalid`: the file cannot be read, is wrong, or wants a topic where there is no broker
 */
export function loadRoutes({ routesFile, bus, transfersTopic }: StreamConfig): RouteTable {
  if (routesFile === undefined) return noRoutes
  let text: string
  try {
    text = readFileSync(routesFile, 'utf8')
  } catch (error) {
    const why = describeSystemError(error)
    throw new DtmsError(
      'config.invalid',
      `wrong settings:\n  DTMS_STREAM_ROUTES: ${routesFile} cannot be read (${why})`,
      {
        hint: 'name a YAML file of rules (docs/streaming.md), or leave DTMS_STREAM_ROUTES out',
        cause: error,
      },
    )
  }
  const table = parseRoutes(text, routesFile)
  const topics = topicsOf(table)
  const refuse = (what: string, hint: string) =>
    new DtmsError('config.invalid', `wrong settings:\n  DTMS_STREAM_ROUTES: ${routesFile} ${what}`, { hint })
  if (topics.includes(transfersTopic)) {
    throw refuse(`sends records to ${transfersTopic}, where they come from`, 'name another topic')
  }
  if (bus === 'memory' && topics.length > 0) {
    throw refuse(`sends records to topics, and the bus is in memory`, 'use a broker (DTMS_BUS=kafka), or sinks only')
  }
  return table
}
