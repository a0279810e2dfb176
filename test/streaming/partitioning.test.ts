import { describe, expect, it } from 'vitest'
import { defaultPartition, murmur2, Partitioning } from '../../streaming/partitioning.ts'

describe('the partition of a link', () => {
  // Values of Kafka's own clients.
  it.each([
    ['SITE_A>SITE_B', 1572242579],
    ['SITE_A>SITE_C', 2042264102],
    ['a', -1563381124],
    ['ab', 316155434],
    ['abc', 479470107],
    ['', 275646681],
  ])('%j has the hash that Kafka gives it', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  it('is the one that other producers choose for a key', () => {
    expect(defaultPartition('SITE_A>SITE_B', 3)).toBe(1572242579 % 3)
    expect(defaultPartition('a', 3)).toBe((-1563381124 & 0x7fffffff) % 3)
  })

  it('stays when the topic grows; a new link uses what has grown', () => {
    const keys = Array.from({ length: 40 }, (_, i) => `SITE_${i}>SITE_X`)
    const partitioning = new Partitioning(3)
    const before = keys.map((key) => partitioning.of(key))
    expect(before.every(({ isNew, partition }) => isNew && partition < 3)).toBe(true)
    const later = new Partitioning(3, JSON.parse(JSON.stringify(partitioning.entries())))
    later.resize(12)
    expect(keys.map((key) => later.of(key))).toEqual(before.map(({ partition }) => ({ partition, isNew: false })))
    const others = keys.map((key) => later.of(`${key}2`).partition)
    expect(Math.max(...others)).toBeGreaterThan(2)
  })

  it('is chosen anew where a topic was made again with fewer partitions', () => {
    const partitioning = new Partitioning(12, [
      ['x', 11],
      ['y', 1],
    ])
    partitioning.resize(2)
    expect(partitioning.of('x')).toEqual({ partition: defaultPartition('x', 2), isNew: true })
    expect(partitioning.of('y')).toEqual({ partition: 1, isNew: false })
  })
})
