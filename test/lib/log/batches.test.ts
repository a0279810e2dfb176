import { describe, expect, it } from 'vitest'
import { BatchQueue } from '../../../lib/log/batches.ts'
import { createRandom } from '../../../lib/random.ts'

const rule = { bytes: 100, seconds: 3600, leastBytes: 40 }

function add(queue: BatchQueue, line: string, seq: number, at: number) {
  const bytes = Buffer.from(line)
  return queue.add(bytes, [bytes.length], seq, () => at)
}

/** Lines of ten bytes at these record times; the answer: which of them begin a segment. */
function beginnings(times: number[], lineBytes = 10): number[] {
  const queue = new BatchQueue(rule)
  for (const [i, at] of times.entries()) add(queue, 'x'.repeat(lineBytes), i + 1, at)
  const found: number[] = []
  for (let batch = queue.take(); batch !== undefined; batch = queue.take()) if (batch.rolls) found.push(batch.firstSeq)
  return found
}

describe('the queue of a writer', () => {
  it.each([
    { what: 'stays within its bytes', times: Array(10).fill(0), starts: [] },
    { what: 'is one line over its bytes', times: Array(11).fill(0), starts: [11] },
    { what: 'is just short of its hour', times: [0, 0, 0, 0, 3599.999], starts: [] },
    { what: 'is an hour old', times: [0, 0, 0, 0, 3600], starts: [5] },
    { what: 'is an hour old and too small to end', times: [0, 0, 0, 3600], starts: [] },
    { what: 'goes back in time', times: [7200, 7200, 7200, 7200, 0, 0], starts: [] },
    { what: 'jumps to and fro', times: [0, 0, 0, 0, 9000, 0, 9000, 0, 9000, 0, 9000], starts: [5] },
  ])('begins a new segment when the present one $what: $starts', ({ times, starts }) => {
    expect(beginnings(times)).toEqual(starts)
  })

  it('decides the same whenever batches are taken', () => {
    const queue = new BatchQueue(rule)
    const starts: number[] = []
    for (let seq = 1; seq <= 35; seq += 1) {
      add(queue, 'x'.repeat(10), seq, 0)
      const batch = queue.take()
      if (batch?.rolls) starts.push(batch.firstSeq)
    }
    expect(starts).toEqual(beginnings(Array(35).fill(0)))
  })

  it('decides the same whether lines come one by one or together', () => {
    const random = createRandom(1, 'groups')
    const times = Array.from({ length: 3000 }, () => random.int(20_000))
    const lines = times.map((_, i) => 'x'.repeat(1 + random.int(i % 300 === 0 ? 600_000 : 60)))
    const large = { bytes: 1_000_000, seconds: 3600, leastBytes: 20_000 }
    const oneByOne = new BatchQueue(large)
    for (const [i, line] of lines.entries()) add(oneByOne, line, i + 1, times[i] as number)
    const together = new BatchQueue(large)
    for (let first = 0; first < lines.length; ) {
      const group = lines.slice(first, first + 1 + random.int(900))
      let end = 0
      const ends = group.map((line) => {
        end += line.length
        return end
      })
      const start = first
      together.add(Buffer.from(group.join('')), ends, first + 1, (i) => times[start + i] as number)
      first += group.length
    }
    const contents = (queue: BatchQueue) => {
      const found: unknown[] = []
      for (let batch = queue.take(); batch !== undefined; batch = queue.take()) {
        const { memory, waiters, ...facts } = batch
        found.push({ ...facts, text: memory.toString('latin1', 0, batch.bytes) })
      }
      return found
    }
    expect(together.pending).toBe(oneByOne.pending)
    expect(contents(together)).toEqual(contents(oneByOne))
  })

  it('counts bytes, not characters', () => {
    const queue = new BatchQueue(rule)
    expect(add(queue, 'é\n', 1, 0)?.bytes).toBe(3)
  })

  it('keeps together what piles up, up to 1 MiB, with its range of seq and time', () => {
    const queue = new BatchQueue({ ...rule, bytes: 1e9 })
    const times = [5, 9, 2]
    for (const [i, at] of times.entries()) add(queue, 'x'.repeat(500_000), i + 1, at)
    expect(queue.pending).toBe(3)
    expect(queue.take()).toMatchObject({ firstSeq: 1, lastSeq: 2, minAt: 5, maxAt: 9, bytes: 1_000_000 })
    expect(queue.take()).toMatchObject({ firstSeq: 3, lastSeq: 3 })
    expect(queue.take()).toBeUndefined()
    expect(queue.pending).toBe(0)
  })

  it('keeps the bytes of every batch, whatever memory they have grown into or taken over from an earlier one', () => {
    const queue = new BatchQueue({ ...rule, bytes: 1e9 })
    for (let round = 0; round < 3; round += 1) {
      const lines = [10, 3000, 70_000, 400_000, 400_000, 400_000, 1_500_000, 5].map((length, i) => {
        const text = `${round}${i}`.padEnd(length - 2, 'é')
        return `${text}\n`
      })
      for (const [i, line] of lines.entries()) add(queue, line, i + 1, 0)
      const batches = Array.from(lines, () => queue.take()).filter((batch) => batch !== undefined)
      expect(queue.pending).toBe(0)
      expect(batches.map(({ memory, bytes }) => memory.toString('utf8', 0, bytes)).join('')).toBe(lines.join(''))
      for (const batch of batches) queue.done(batch)
    }
  })
})
