import { once } from 'node:events'
import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'

/**
 * A target for Prometheus that says it was started a day ago. Its host and port; it ends with the test. Rules that hold
 * their fire after everything was started (platform:dtms_waking:seconds) do so for ten minutes otherwise.
 */
export async function startLongRunning(): Promise<string> {
  const startedAt = Date.now() / 1000 - 86_400
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${startedAt}\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `127.0.0.1:${address.port}`
}
