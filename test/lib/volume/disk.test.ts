import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { systemCalls, type VolumeCalls } from '../../../lib/volume/calls.ts'
import { Disk, toVolumeError } from '../../../lib/volume/disk.ts'
import { aFolder } from '../../support/builders.ts'
import { systemError } from '../../support/faulty-calls.ts'

function aDisk(calls: Partial<VolumeCalls> = {}, isAbandoned?: () => boolean) {
  const root = aFolder()
  const options = isAbandoned === undefined ? {} : { isAbandoned }
  return { root, disk: new Disk({ root, calls: { ...systemCalls, ...calls }, ...options }) }
}

const fail = (code: string) => () => {
  throw systemError(code)
}

describe('a disk', () => {
  it.each([
    ['ENOSPC', 'volume.full'],
    ['EDQUOT', 'volume.full'],
    ['EIO', 'volume.unavailable'],
    ['EACCES', 'volume.unavailable'],
    ['ESTALE', 'volume.unavailable'],
    ['ELOOP', 'volume.path'],
  ])('that answers %s is %s, with a hint', (system, code) => {
    const error = toVolumeError(systemError(system), 'a')
    expect(error.code).toBe(code)
    expect(error.hint).toBeDefined()
  })

  it.each(['EACCES', 'EPERM', 'EROFS', 'EIO', 'ENOENT', 'ENOSPC'])(
    'that answers %s names the setting or the claim that somebody in a cluster can change',
    (system) => {
      const { hint } = toVolumeError(systemError(system), 'a')
      expect(hint).toMatch(/DTMS_(DATA_DIR|RETENTION_BYTES)/)
      expect(hint).toContain('claim dtms-data')
    },
  )

  it('takes only a part of a write says that it is short of space', () => {
    const { disk } = aDisk({ write: (_, bytes) => bytes.length - 1 })
    expect(() => disk.replace('a', Buffer.from('abc'))).toThrow(
      expect.objectContaining({
        message: 'only 2 of 3 bytes were written',
        hint: expect.stringContaining('free space'),
      }),
    )
  })

  it.each(['EPERM', 'ENOTSUP'])('without hard links (%s) still creates exclusively', (code) => {
    const { disk, root } = aDisk({ link: fail(code) })
    expect(disk.createExclusive('a/b', Buffer.from('one'))).toBe(true)
    expect(disk.createExclusive('a/b', Buffer.from('two'))).toBe(false)
    expect(readFileSync(`${root}/a/b`, 'utf8')).toBe('one')
    expect(readdirSync(`${root}/a`)).toEqual(['b'])
  })

  it('knows its own success when a server repeats the request for a link', () => {
    const { disk } = aDisk({
      link(existing, path) {
        systemCalls.link(existing, path)
        throw systemError('EEXIST')
      },
    })
    expect(disk.createExclusive('a', Buffer.from('x'))).toBe(true)
  })

  it('takes a folder sync that is not supported for done', () => {
    const { disk } = aDisk({ fsync: fail('EINVAL') })
    expect(() => disk.openSegment('a/1.ndjson')).not.toThrow()
  })

  it('takes a short write for an error and leaves the file before as it was', () => {
    let short = false
    const { disk, root } = aDisk({ write: (fd, bytes) => systemCalls.write(fd, short ? bytes.subarray(1) : bytes) })
    disk.replace('a', Buffer.from('old'))
    short = true
    expect(() => disk.replace('a', Buffer.from('new'))).toThrow(/only 2 of 3 bytes/)
    const segment = disk.openSegment('s') ?? 0
    expect(() => disk.append(segment, Buffer.from('new'))).toThrow(/only 2 of 3 bytes/)
    expect(readFileSync(`${root}/a`, 'utf8')).toBe('old')
    expect(readdirSync(root)).toEqual(['a', 's'])
  })

  it('leaves no segment behind whose folder could not be synced', () => {
    const { disk, root } = aDisk({ fsync: fail('EIO') })
    expect(() => disk.openSegment('1.ndjson')).toThrow(/EIO/)
    expect(readdirSync(root)).toEqual([])
  })

  it('changes nothing that others can see once it was given up', () => {
    let abandoned = false
    const { disk, root } = aDisk({}, () => abandoned)
    disk.replace('a', Buffer.from('old'))
    const segment = disk.openSegment('s') ?? 0
    abandoned = true
    for (const change of [
      () => disk.replace('a', Buffer.from('new')),
      () => disk.createExclusive('b', Buffer.from('new')),
      () => disk.openSegment('c'),
      () => disk.append(segment, Buffer.from('new')),
      () => disk.remove('a'),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'volume.stalled' }))
    }
    expect(readdirSync(root)).toEqual(['a', 's'])
    expect(readFileSync(`${root}/a`, 'utf8')).toBe('old')
    expect(readFileSync(`${root}/s`, 'utf8')).toBe('')
  })

  it('goes on reading when a read comes back short, and stops at the end of a file that was cut meanwhile', () => {
    const { disk } = aDisk({
      read: (fd, buffer, offset, length, position) =>
        systemCalls.read(fd, buffer, offset, Math.min(2, length), position),
    })
    disk.replace('a', Buffer.from('abcdefg'))
    expect(disk.read('a', 1, 100)?.toString()).toBe('bcdefg')
    const cut = aDisk({ fstat: (fd) => ({ ...systemCalls.fstat(fd), size: 50 }) })
    cut.disk.replace('a', Buffer.from('abc'))
    expect(cut.disk.read('a', 0, 100)?.toString()).toBe('abc')
  })
})
