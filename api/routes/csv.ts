import type { Response } from 'express'
import { z } from 'zod'
import { defineRoute, type Route } from '../../lib/http/route.ts'
import {
  ANOMALIES_CSV_HEADER,
  anomalyCsvRow,
  TRANSFERS_CSV_HEADER,
  transferCsvRow,
} from '../../lib/record/legacy-csv.ts'
import type { ApiContext } from '../context.ts'
import { instantText, site } from '../schemas.ts'
import { requireKnown } from './known.ts'

const query = z.object({ site: site.optional(), from: instantText.optional(), to: instantText.optional() })

/** The two files of the old platform, rendered from the log while they are sent: whole, in bounded memory. */
export function csvRoutes({ state, allTransfers, allAnomalies }: ApiContext): Route[] {
  const text = 'Everything that the log still holds, or what lies in [from, to); each site in the order of its log.'
  const response = { description: 'CSV with a header line', contentType: 'text/csv', schema: z.string() }
  return [
    defineRoute({
      method: 'get',
      path: '/transfers.csv',
      operationId: 'getTransfersCsv',
      summary: 'Transfers in the old CSV format',
      description: text,
      tags: ['compatible'],
      querySchema: query,
      responses: { 200: response },
      handle: async ({ query: { site: name, ...range }, response: out }) => {
        requireKnown('query', [{ loc: ['site'], name }], state.sites)
        await sendCsv(out, TRANSFERS_CSV_HEADER, allTransfers(range), (record) =>
          name === undefined || record.site === name ? transferCsvRow(record) : '',
        )
        return undefined
      },
    }),
    defineRoute({
      method: 'get',
      path: '/anomalies.csv',
      operationId: 'getAnomaliesCsv',
      summary: 'Flagged transfers in the old CSV format, with the old sign of the score (low is bad)',
      description: text,
      tags: ['compatible'],
      querySchema: query,
      responses: { 200: response },
      handle: async ({ query: { site: name, ...range }, response: out }) => {
        requireKnown('query', [{ loc: ['site'], name }], state.sites)
        await sendCsv(out, ANOMALIES_CSV_HEADER, allAnomalies(range), (line) =>
          line.level === 'transfer' && (name === undefined || line.site === name) ? anomalyCsvRow(line) : '',
        )
        return undefined
      },
    }),
  ]
}

async function sendCsv<T>(
  out: Response,
  header: string,
  chunks: AsyncIterable<T[]>,
  toRow: (value: T) => string,
): Promise<void> {
  let begun = false
  const begin = (): void => {
    if (begun) return
    begun = true
    out.set('Cache-Control', 'no-store').type('text/csv').write(header)
  }
  for await (const chunk of chunks) {
    // Only now: a volume that cannot be read at all is still answered with an error.
    begin()
    const text = chunk.map(toRow).join('')
    if (text !== '' && !out.write(text)) await drained(out)
    if (out.destroyed) return
  }
  begin()
  out.end()
}

/** Also ends when the caller has gone. */
function drained(out: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done)
      out.off('close', done)
      resolve()
    }
    out.on('drain', done)
    out.on('close', done)
  })
}
