import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DtmsError } from '../../lib/errors.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aFolder } from '../support/builders.ts'

const text = (bytes: Buffer | undefined) => bytes?.toString()

/** What every volume does, whichever thread its calls run in. */
export function volumeContract(name: string, open: (root: string) => Volume): void {
  function aVolume(): { volume: Volume; root: string } {
    const root = aFolder()
    const volume = open(root)
    onTestFinished(() => volume.close())
    return { volume, root }
  }

  describe(name, () => {
    it('makes its root when there is none', async () => {
      const root = join(aFolder(), 'deep', 'data')
      const volume = open(root)
      onTestFinished(() => volume.close())
      expect(await volume.list('transfers')).toBeUndefined()
      expect(readdirSync(root)).toEqual([])
    })

    it('lists names in order and hides temporary files', async () => {
      const { volume, root } = aVolume()
      mkdirSync(join(root, 'a'))
      for (const file of ['b', '.hidden', 'a', 'B', '10', '9']) writeFileSync(join(root, 'a', file), '')
      expect(await volume.list('a')).toEqual(['10', '9', 'B', 'a', 'b'])
    })

    it('knows absent from empty', async () => {
      const { volume, root } = aVolume()
      writeFileSync(join(root, 'empty'), '')
      mkdirSync(join(root, 'folder'))
      expect(await volume.read('none', 0, 10)).toBeUndefined()
      expect(await volume.size('none')).toBeUndefined()
      expect(await volume.list('none')).toBeUndefined()
      expect(text(await volume.read('empty', 0, 10))).toBe('')
      expect(await volume.size('empty')).toBe(0)
      expect(await volume.list('folder')).toEqual([])
    })

    it.each([
      { offset: 0, maxBytes: 3, bytes: 'abc' },
      { offset: 2, maxBytes: 100, bytes: 'cdef' },
      { offset: 6, maxBytes: 1, bytes: '' },
      { offset: 7, maxBytes: 1, bytes: '' },
    ])('reads at most $maxBytes bytes from $offset', async ({ offset, maxBytes, bytes }) => {
      const { volume, root } = aVolume()
      writeFileSync(join(root, 'f'), 'abcdef')
      expect(text(await volume.read('f', offset, maxBytes))).toBe(bytes)
    })

    it('looks at a folder and into one of its files at once', async () => {
      const { volume, root } = aVolume()
      mkdirSync(join(root, 's'))
      for (const file of ['1', '2', '3']) writeFileSync(join(root, 's', file), `file ${file}`)
      const look = await volume.look('s', '2', 5, 100)
      expect({ ...look, bytes: text(look.bytes) }).toEqual({ names: ['3'], bytes: '2', size: 6 })
      expect(await volume.look('s', undefined, 0, 100)).toEqual({ names: ['1', '2', '3'], bytes: undefined, size: 0 })
      expect(await volume.look('s', '25', 0, 100)).toEqual({ names: ['3'], bytes: undefined, size: 0 })
      expect(await volume.look('none', '1', 0, 100)).toEqual({ names: [], bytes: undefined, size: 0 })
    })

    it('creates a file once, whole, with the folders above it', async () => {
      const { volume, root } = aVolume()
      expect(await volume.createExclusive('a/b/c.json', Buffer.from('first'))).toBe(true)
      expect(await volume.createExclusive('a/b/c.json', Buffer.from('second'))).toBe(false)
      expect(readFileSync(join(root, 'a/b/c.json'), 'utf8')).toBe('first')
      expect(readdirSync(join(root, 'a/b'))).toEqual(['c.json'])
    })

    it('lets exactly one of many creators win', async () => {
      const { volume } = aVolume()
      const tries = Array.from({ length: 20 }, (_, i) => volume.createExclusive('x', Buffer.from(String(i))))
      expect((await Promise.all(tries)).filter((won) => won)).toHaveLength(1)
    })

    it('replaces a file and keeps the one before on request', async () => {
      const { volume, root } = aVolume()
      await volume.replace('d/x', Buffer.from('one'), 'd/x.previous')
      expect(readdirSync(join(root, 'd'))).toEqual(['x'])
      await volume.replace('d/x', Buffer.from('two'), 'd/x.previous')
      await volume.replace('d/x', Buffer.from('three'), 'd/x.previous')
      expect(readdirSync(join(root, 'd'))).toEqual(['x', 'x.previous'])
      expect(readFileSync(join(root, 'd/x'), 'utf8')).toBe('three')
      expect(readFileSync(join(root, 'd/x.previous'), 'utf8')).toBe('two')
    })

    it('sends only the part of a large buffer that is meant', async () => {
      const { volume, root } = aVolume()
      const large = Buffer.from('0123456789')
      await volume.replace('part', large.subarray(3, 6))
      expect(readFileSync(join(root, 'part'), 'utf8')).toBe('345')
    })

    it('appends to a segment that it made, and never opens an old one', async () => {
      const { volume, root } = aVolume()
      const segment = await volume.openSegment('s/w/1.ndjson')
      await segment?.append(Buffer.from('one\n'))
      await segment?.append(Buffer.from('two\n'))
      expect(readFileSync(join(root, 's/w/1.ndjson'), 'utf8')).toBe('one\ntwo\n')
      expect(await volume.openSegment('s/w/1.ndjson')).toBeUndefined()
      await segment?.close()
      await segment?.close()
      await expect(segment?.append(Buffer.from('three\n'))).rejects.toMatchObject({ code: 'volume.unavailable' })
      expect(await volume.openSegment('s/w/1.ndjson')).toBeUndefined()
    })

    it('has taken the bytes when the call returns, so that their memory may be used again', async () => {
      const { volume, root } = aVolume()
      const segment = await volume.openSegment('s/w/1.ndjson')
      const memory = Buffer.from('one\n')
      const first = segment?.append(memory)
      memory.write('two\n')
      const second = segment?.append(memory)
      memory.fill('x')
      await Promise.all([first, second])
      expect(readFileSync(join(root, 's/w/1.ndjson'), 'utf8')).toBe('one\ntwo\n')
      await segment?.close()
    })

    it('removes files, and absent ones too', async () => {
      const { volume, root } = aVolume()
      writeFileSync(join(root, 'f'), 'x')
      await volume.remove('f')
      await volume.remove('f')
      expect(readdirSync(root)).toEqual([])
    })

    it('knows how much room there is', async () => {
      const { volume } = aVolume()
      const { totalBytes, availableBytes } = await volume.capacity()
      expect(totalBytes).toBeGreaterThan(0)
      expect(availableBytes).toBeLessThanOrEqual(totalBytes)
    })

    it.each(['', '/etc/passwd', '..', 'a/../b', 'a//b', './a', 'a/.hidden', 'a\\b', 'a\0b', 'x'.repeat(300), 'a/'])(
      'refuses the path %j',
      async (path) => {
        const { volume } = aVolume()
        const calls = [
          () => volume.list(path),
          () => volume.read(path, 0, 1),
          () => volume.size(path),
          () => volume.createExclusive(path, Buffer.from('x')),
          () => volume.replace(path, Buffer.from('x')),
          () => volume.openSegment(path),
          () => volume.remove(path),
        ]
        for (const call of calls) {
          const error = await call().then(
            () => undefined,
            (failure: DtmsError) => failure,
          )
          expect(error).toMatchObject({ code: 'volume.path' })
          expect(error?.hint).toBeDefined()
        }
      },
    )

    it('follows no symbolic link below its root', async () => {
      const { volume, root } = aVolume()
      const outside = aFolder()
      writeFileSync(join(outside, 'secret'), 'secret')
      symlinkSync(outside, join(root, 'link'))
      symlinkSync(join(outside, 'secret'), join(root, 'file'))
      for (const call of [
        () => volume.list('link'),
        () => volume.read('link/secret', 0, 10),
        () => volume.read('file', 0, 10),
        () => volume.look('link', 'secret', 0, 10),
        () => volume.size('file'),
        () => volume.createExclusive('link/new', Buffer.from('x')),
        () => volume.replace('link/secret', Buffer.from('x')),
        () => volume.openSegment('link/new'),
        () => volume.remove('link/secret'),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'volume.path' })
      }
      expect(readdirSync(outside)).toEqual(['secret'])
      expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret')
    })

    it('accepts a root that is itself a link', async () => {
      const root = join(aFolder(), 'link')
      symlinkSync(aFolder(), root)
      const volume = open(root)
      onTestFinished(() => volume.close())
      await volume.replace('a', Buffer.from('x'))
      expect(text(await volume.read('a', 0, 9))).toBe('x')
    })

    it('says in words and with a hint what is wrong with the disk', async () => {
      const folder = aFolder()
      writeFileSync(join(folder, 'file'), '')
      const outcome = async () => {
        const volume = open(join(folder, 'file', 'data'))
        onTestFinished(() => volume.close())
        await volume.list('x')
      }
      const error = await outcome().then(
        () => undefined,
        (failure: DtmsError) => failure,
      )
      expect(error).toMatchObject({ code: 'volume.unavailable', retryable: true })
      expect(error?.message).toContain('ENOTDIR')
      expect(error?.hint).toBeDefined()
    })

    it('refuses calls after it was closed, and closes twice', async () => {
      const { volume } = aVolume()
      await volume.replace('a', Buffer.from('x'))
      await volume.close()
      await volume.close()
      await expect(volume.list('a')).rejects.toMatchObject({ code: 'volume.unavailable', retryable: false })
    })
  })
}
