import { describe, expect, it } from 'vitest'
import { DtmsError } from '../../../lib/errors.ts'
import type { BusRecord, PartitionEnd } from '../../../streaming/bus.ts'
import { type Letter, Outbox, type OutboxOptions } from '../../../streaming/producer/outbox.ts'
import { eventually } from '../../support/builders.ts'

function aLetter(seq: number, partition = 0, bytes = 100): Letter {
  const message = { key: 'A>B', partition, value: Buffer.alloc(bytes, 97), headers: new Map(), timestampMs: 0 }
  return { writer: 'SITE_A', seq, at: 0, message: { ...message, headers: new Map([['seq', String(seq)]]) } }
}

function seqs(records: readonly BusRecord[]): number[] {
  return records.map(({ headers }) => Number(headers.get('seq')))
}

function anOutbox(changes: Partial<OutboxOptions> = {}) {
  const calls: { records: readonly BusRecord[]; take: () => void; refuse: (error: DtmsError) => void }[] = []
  const acknowledged: number[] = []
  const refused: number[] = []
  const troubles: unknown[] = []
  const outbox = new Outbox({
    ...{ batchBytes: 1000, batchMs: 10_000, depth: 1, pause: { firstMs: 1, lastMs: 1 } },
    publish: (records) =>
      new Promise<PartitionEnd[]>((resolve, reject) => {
        calls.push({ records, take: () => resolve([]), refuse: reject })
      }),
    onAcknowledged: ({ letters }) => acknowledged.push(letters),
    onRefused: async ({ seq }) => {
      refused.push(seq)
    },
    onTrouble: (error) => troubles.push(error),
    ...changes,
  })
  return { outbox, calls, acknowledged, refused, troubles }
}

const never = (): void => {
  throw new Error('must not be settled')
}

describe('a batch goes out', () => {
  it('when it is full, and what did not fit waits for the next', () => {
    const { outbox, calls } = anOutbox()
    outbox.put([aLetter(1), aLetter(2), aLetter(3)], never)
    expect(calls).toHaveLength(0)
    outbox.put([aLetter(4), aLetter(5)], never)
    expect(calls.map(({ records }) => seqs(records))).toEqual([[1, 2, 3]])
  })

  it('when its oldest letter has waited long enough', async () => {
    const { outbox, calls } = anOutbox({ batchMs: 5 })
    outbox.put([aLetter(1)], never)
    expect(calls).toHaveLength(0)
    await eventually(() => calls.length === 1)
  })

  it('at once when nothing more will come soon', () => {
    const { outbox, calls } = anOutbox()
    outbox.put([aLetter(1), aLetter(2, 1)], never)
    outbox.flush()
    expect(calls.map(({ records }) => seqs(records))).toEqual([[1], [2]])
  })

  it('even if a single letter is larger than a batch may be', () => {
    const { outbox, calls } = anOutbox()
    outbox.put([aLetter(1, 0, 5000)], never)
    expect(calls).toHaveLength(1)
  })

  it('one at a time of a partition, several partitions at once', async () => {
    const { outbox, calls } = anOutbox({ batchMs: 0 })
    outbox.put([aLetter(1), aLetter(2, 1)], () => {})
    outbox.put([aLetter(3), aLetter(4, 1)], () => {})
    expect(calls.map(({ records }) => seqs(records))).toEqual([[1], [2]])
    calls[0]?.take()
    await eventually(() => calls.length === 3)
    expect(seqs(calls[2]?.records ?? [])).toEqual([3])
  })

  it('several of a partition where the bus allows it', () => {
    const { outbox, calls } = anOutbox({ batchMs: 0, depth: 3 })
    for (let seq = 1; seq <= 4; seq += 1) outbox.put([aLetter(seq)], never)
    expect(calls).toHaveLength(3)
  })
})

describe('a parcel is settled', () => {
  it('when all of its letters are, whatever their partitions; at once when it is empty', async () => {
    const { outbox, calls } = anOutbox({ batchMs: 0 })
    const settled: string[] = []
    outbox.put([], () => settled.push('empty'))
    expect(settled).toEqual(['empty'])
    outbox.put([aLetter(1), aLetter(2, 1)], () => settled.push('both'))
    calls[1]?.take()
    await eventually(() => outbox.letters === 1)
    expect(settled).toEqual(['empty'])
    calls[0]?.take()
    await eventually(() => settled.length === 2)
    expect([outbox.letters, outbox.bytes]).toEqual([0, 0])
  })

  it('never after the outbox was closed', async () => {
    const { outbox, calls } = anOutbox({ batchMs: 0 })
    outbox.put([aLetter(1)], never)
    outbox.close()
    calls[0]?.take()
    await outbox.room({ letters: 1, bytes: 1 })
    expect(outbox.letters).toBe(1)
  })
})

describe('what the bus refuses', () => {
  const refusal = new DtmsError('bus.refused', 'too large')

  it('is put aside alone; its neighbours go out in order, and nothing overtakes them', async () => {
    const taken: number[] = []
    const { outbox, refused, acknowledged } = anOutbox({
      batchMs: 0,
      publish: async (records) => {
        if (seqs(records).includes(3)) throw refusal
        taken.push(...seqs(records))
        return []
      },
    })
    let settled = false
    outbox.put([aLetter(0)], () => {})
    outbox.put(
      [1, 2, 3, 4, 5].map((seq) => aLetter(seq)),
      () => {},
    )
    outbox.put([aLetter(6), aLetter(7)], () => {
      settled = true
    })
    await eventually(() => settled)
    expect(refused).toEqual([3])
    expect(taken).toEqual([0, 1, 2, 4, 5, 6, 7])
    expect(acknowledged.reduce((sum, letters) => sum + letters)).toBe(7)
  })

  it('for its rights is tried again until they are there, and nothing is put aside', async () => {
    const { outbox, calls, troubles, refused } = anOutbox({ batchMs: 0 })
    let settled = false
    outbox.put([aLetter(1)], () => {
      settled = true
    })
    calls[0]?.refuse(new DtmsError('bus.refused', 'not authorised', { retryable: true }))
    await eventually(() => calls.length === 2)
    calls[1]?.take()
    await eventually(() => settled)
    expect([troubles.length, refused]).toEqual([1, []])
  })

  it('and cannot be kept anywhere at present is tried again', async () => {
    let full = true
    const { outbox, calls, troubles } = anOutbox({
      batchMs: 0,
      onRefused: async () => {
        if (full) throw new DtmsError('volume.full', 'no space')
      },
    })
    let settled = false
    outbox.put([aLetter(1)], () => {
      settled = true
    })
    calls[0]?.refuse(refusal)
    await eventually(() => calls.length === 2)
    full = false
    calls[1]?.refuse(refusal)
    await eventually(() => settled)
    expect(troubles).toHaveLength(1)
  })
})

describe('whoever fills it', () => {
  it('waits while it is full, by number and by size', async () => {
    const { outbox, calls } = anOutbox({ batchMs: 0 })
    outbox.put([aLetter(1)], () => {})
    let passed = 0
    void outbox.room({ letters: 1, bytes: 1_000_000 }).then(() => {
      passed += 1
    })
    void outbox.room({ letters: 100, bytes: 100 }).then(() => {
      passed += 1
    })
    await outbox.room({ letters: 2, bytes: 1_000_000 })
    expect(passed).toBe(0)
    calls[0]?.take()
    await eventually(() => passed === 2)
  })

  it('drains it, for as long as it likes', async () => {
    const { outbox, calls } = anOutbox()
    outbox.put([aLetter(1)], () => {})
    expect(await outbox.drain(1)).toBe(false)
    const drained = outbox.drain(60_000)
    calls[0]?.take()
    expect(await drained).toBe(true)
    outbox.close()
  })
})
