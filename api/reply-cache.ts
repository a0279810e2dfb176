import type { Call, Reply } from '../lib/http/route.ts'

/** Bodies that are kept, and the longest of them, characters. */
const MOST_BODIES = 64
const LONGEST_BODY = 524_288

/**
 * Serialising is what a page costs, so a body is kept for as long as what it was made from has not changed, and a caller
 * that has it already gets 304. The tag names the run of the API, the version of its data, and whatever else the answer
 * depends on.
 */
export class ReplyCache {
  readonly #run: string
  readonly #version: () => number
  readonly #bodies = new Map<string, { tag: string; body: string; headers: Record<string, string> }>()

  constructor(run: string, version: () => number) {
    this.#run = run
    this.#version = version
  }

  async answer(
    { request, response }: Pick<Call<unknown, unknown, unknown>, 'request' | 'response'>,
    dependsOn: string | number,
    make: () =>
      | Promise<{ body: unknown; headers?: Record<string, string> }>
      | { body: unknown; headers?: Record<string, string> },
  ): Promise<Reply> {
    const tag = `W/"${this.#run}-${this.#version()}-${dependsOn}"`
    response.set({ ETag: tag, 'Cache-Control': 'no-cache' })
    response.vary('Authorization')
    if (request.fresh) {
      response.status(304).end()
      return undefined
    }
    const url = `${request.originalUrl} ${request.headers.authorization === undefined ? '' : 'keyed'}`
    const kept = this.#bodies.get(url)
    if (kept?.tag === tag) return send(response, kept)
    const made = await make()
    const entry = { tag, body: JSON.stringify(made.body), headers: made.headers ?? {} }
    this.#bodies.delete(url)
    if (entry.body.length <= LONGEST_BODY) this.#bodies.set(url, entry)
    const [oldest] = this.#bodies.keys()
    if (this.#bodies.size > MOST_BODIES && oldest !== undefined) this.#bodies.delete(oldest)
    return send(response, entry)
  }
}

function send(
  response: Call<unknown, unknown, unknown>['response'],
  entry: { body: string; headers: Record<string, string> },
): undefined {
  response.set(entry.headers).type('application/json').send(entry.body)
  return undefined
}
