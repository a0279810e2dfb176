import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { followLog } from '../../../lib/log/follow.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { openVolume } from '../../../lib/volume/open.ts'
import { volumeContract } from '../../contracts/volume.contract.ts'
import { aFolder, eventually } from '../../support/builders.ts'
import { aNote, aTailer, aWriter } from '../../support/log.ts'
import { aProcess } from '../../support/processes.ts'
import { aStallingVolume } from '../../support/stalling-volume.ts'

volumeContract('a volume in a worker thread', (root) => openVolume({ root }))

/** Longer than a healthy call takes on a machine that stands still for a moment: disks do, when others build beside. */
const DEADLINE_MS = 2000

const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: { code: string }) => error.code,
  )

describe('a volume whose calls do not come back', () => {
  it('gives up at the deadline, tries once with a second thread, then fails at once', async () => {
    const { volume, hold, waiting } = aStallingVolume(DEADLINE_MS)
    await volume.list('a')
    expect(volume.healthy).toBe(true)
    hold()
    expect(await settled(volume.list('a'))).toBe('volume.stalled')
    expect(volume.healthy).toBe(false)
    expect(await settled(volume.list('a'))).toBe('volume.stalled')
    expect(waiting()).toBe(2)
    const many = await Promise.all(Array.from({ length: 1000 }, () => settled(volume.list('a'))))
    expect(new Set(many)).toEqual(new Set(['volume.stalled']))
    expect(waiting()).toBe(2)
  })

  it('is healthy again when they come back', async () => {
    const { volume, hold, release, waiting } = aStallingVolume(DEADLINE_MS)
    hold()
    expect(await settled(volume.list('a'))).toBe('volume.stalled')
    expect(await settled(volume.list('a'))).toBe('volume.stalled')
    release()
    await eventually(() => volume.healthy)
    expect(await settled(volume.list('a'))).toBe('answered')
    expect(waiting()).toBe(0)
  })

  it('works on with the second thread when only one call is stuck', async () => {
    const { volume, root, hold, release } = aStallingVolume(DEADLINE_MS, ['readdir'])
    writeFileSync(join(root, 'f'), 'x')
    await volume.createExclusive('a/b', Buffer.from('x'))
    hold()
    expect(await settled(volume.list('a'))).toBe('volume.stalled')
    expect(volume.healthy).toBe(false)
    expect((await volume.read('f', 0, 1))?.toString()).toBe('x')
    expect(volume.healthy).toBe(true)
    release()
    expect(await volume.list('a')).toEqual(['b'])
  })

  it('lets a stuck call change nothing when it comes back too late', async () => {
    const { volume, hold, release, waiting } = aStallingVolume(DEADLINE_MS, ['fsync'])
    await volume.replace('a/checkpoint', Buffer.from('old'))
    hold()
    const late = volume.replace('a/checkpoint', Buffer.from('late'))
    expect(await settled(late)).toBe('volume.stalled')
    release()
    await eventually(() => waiting() === 0 && volume.healthy)
    await volume.replace('a/checkpoint', Buffer.from('new'))
    expect((await volume.read('a/checkpoint', 0, 9))?.toString()).toBe('new')
  })

  it('does not take calls that wait behind a slow one for stuck', async () => {
    const volume = openVolume({ root: aFolder(), deadlineMs: 1000 })
    onTestFinished(() => volume.close())
    const calls = Array.from({ length: 4000 }, (_, i) => volume.replace(`a/${i % 7}`, Buffer.from(String(i))))
    await Promise.all(calls)
    expect(volume.healthy).toBe(true)
  })

  it('refuses the segments of a thread that was given up', async () => {
    const { volume, hold, release } = aStallingVolume(DEADLINE_MS)
    const segment = await volume.openSegment('s/1.ndjson')
    hold()
    expect(await settled(segment?.append(Buffer.from('x')) ?? Promise.resolve())).toBe('volume.stalled')
    release()
    await eventually(() => volume.healthy)
    expect(await settled(segment?.append(Buffer.from('y')) ?? Promise.resolve())).toBe('volume.stalled')
    await segment?.close()
  })

  it('cannot keep its process from ending', async () => {
    const child = aProcess('./stuck-process.js', { STUCK_ROOT: aFolder() })
    expect(await child.ended).toBe('SIGKILL')
    expect(child.output()).toContain('volume.stalled')
    expect(child.output()).toContain('ends itself by SIGKILL')
  })

  it('stops neither the event loop nor its HTTP server, and the log goes on by itself', async () => {
    const { volume, hold, release } = aStallingVolume(DEADLINE_MS)
    const server = createServer((_request, response) => response.end('alive')).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    const writer = await aWriter(volume)
    const seen: string[] = []
    const follower = followLog({
      tailer: aTailer(volume),
      pollMs: 5,
      onBatch: (batch) => void seen.push(...batch.entries.map(({ value }) => value.text)),
      logger: silentLogger,
    })
    onTestFinished(() => follower.stop())
    await writer.append(aNote(1))
    await eventually(() => seen.length === 1)
    hold()
    const waiting = writer.append(aNote(2))
    await eventually(() => !follower.healthy && !volume.healthy)
    const { port } = server.address() as AddressInfo
    for (let i = 0; i < 50; i += 1) {
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('alive')
    }
    expect(seen).toEqual(['note 1'])
    release()
    expect(await waiting).toBe(2)
    await eventually(() => seen.length === 2 && follower.healthy && volume.healthy)
    expect(seen).toEqual(['note 1', 'note 2'])
  })
})
