import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openInput } from '../../../exporters/import/input.ts'
import { aFolder } from '../../support/builders.ts'

async function read(content: Buffer): Promise<{ bytes: Buffer; failure: unknown }> {
  const path = join(aFolder(), 'file')
  writeFileSync(path, content)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of (await openInput(path)).chunks()) chunks.push(chunk)
    return { bytes: Buffer.concat(chunks), failure: undefined }
  } catch (failure) {
    return { bytes: Buffer.concat(chunks), failure }
  }
}

const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `line ${(i * 7919) % 10_007}\n`).join(''))

describe('a file', () => {
  test.each([
    ['plain', content],
    ['gzip', gzipSync(content)],
    ['gzip in members', Buffer.concat([gzipSync(content.subarray(0, 5000)), gzipSync(content.subarray(5000))])],
    ['gzip with rubbish behind it', Buffer.concat([gzipSync(content), Buffer.alloc(512)])],
  ])('%s gives its bytes', async (_, file) => {
    const { bytes, failure } = await read(file)
    expect(failure).toBeUndefined()
    expect(bytes.equals(content)).toBe(true)
  })

  test.each([0, 1])('of %d bytes is plain', async (length) => {
    expect((await read(content.subarray(0, length))).bytes.length).toBe(length)
  })

  test('in gzip that is cut short gives everything before the cut, then fails', async () => {
    const whole = gzipSync(content)
    for (const length of [20, 5000, whole.length >> 1, whole.length - 1]) {
      const { bytes, failure } = await read(whole.subarray(0, length))
      expect(failure).toMatchObject({ code: 'input.unreadable', message: expect.stringContaining('in the middle') })
      expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true)
      if (length === whole.length - 1) expect(bytes.length).toBe(content.length)
      else if (length > 20) expect(bytes.length).toBeGreaterThan(0)
    }
  })

  test('in gzip that is damaged fails and gives nothing wrong', async () => {
    const damaged = gzipSync(content)
    damaged.fill(0xff, damaged.length >> 1, (damaged.length >> 1) + 64)
    const { bytes, failure } = await read(damaged)
    expect(failure).toMatchObject({ code: 'input.unreadable', message: expect.stringContaining('damaged gzip stream') })
    expect(bytes.length).toBeLessThan(content.length)
  })

  test('that unpacks to a thousand times its size is never held as a whole', async () => {
    const path = join(aFolder(), 'bomb.gz')
    writeFileSync(path, gzipSync(Buffer.alloc(200_000_000)))
    let total = 0
    let largest = 0
    const input = await openInput(path)
    const before = process.memoryUsage().arrayBuffers
    for await (const chunk of input.chunks()) {
      total += chunk.length
      largest = Math.max(largest, process.memoryUsage().arrayBuffers - before)
    }
    expect(total).toBe(200_000_000)
    expect(largest).toBeLessThan(120_000_000)
  })
})
