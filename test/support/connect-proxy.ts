import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A proxy of the loopback that leads host:port of a cluster to ports of this machine: programs ask for the names that
 * they would ask for there, and check certificates against them.
 */
export async function aConnectProxy(ways: ReadonlyMap<string, number>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const open = new Set<Socket>()
  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const server = createServer()
  server.on('connection', keep)
  server.on('connect', (request, client: Socket, head) => {
    asked.push(request.url ?? '')
    const port = ways.get(request.url ?? '')
    if (port === undefined) return void client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      target.write(head)
      target.pipe(client).pipe(target)
    })
    target.on('close', () => client.destroy())
    keep(target)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of open) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
