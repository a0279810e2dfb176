import { describe, expect, it } from 'vitest'
import { partsOf } from '../../../lib/volume/paths.ts'

describe('a path on the volume', () => {
  it('has parts', () => {
    expect(partsOf('transfers/SITE_A/000001-000001.ndjson')).toEqual(['transfers', 'SITE_A', '000001-000001.ndjson'])
    expect(partsOf('a'.repeat(255))).toHaveLength(1)
  })

  it.each(['', '.', '..', '/', '/a', 'a/', 'a//b', 'a/../b', '.a', 'a/.b', 'a\\b', 'a\0', 'a'.repeat(256)])(
    'is not %j',
    (path) => {
      expect(() => partsOf(path)).toThrow(expect.objectContaining({ code: 'volume.path' }))
    },
  )

  it('is at most 1,024 characters long', () => {
    const long = Array(103).fill('x'.repeat(9)).join('/')
    expect(() => partsOf(long)).toThrow(expect.objectContaining({ code: 'volume.path' }))
    expect(partsOf(long.slice(10))).toHaveLength(102)
  })
})
