import { describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { OwnLog } from '../../streaming/own-log.ts'
import { aNote, aTailer, aVolume, type Note, noteCodec, readAll } from '../support/log.ts'
import { shortLease } from '../support/stream-partition.ts'

function open(volume: Volume, signal = new AbortController().signal): Promise<OwnLog<Note, Note>> {
  return OwnLog.open<Note, Note>(
    {
      ...{ volume, clock: systemClock, logger: silentLogger, stream: 'notes', writer: 'W', codec: noteCodec },
      ...{ idOf: ({ text }) => text, retention: { hours: 168, bytes: 1 << 30 }, leaseTiming: shortLease },
      onFenced: () => {},
    },
    signal,
  )
}

const notes = (...numbers: number[]) => numbers.map((n) => aNote(n))
const texts = async (volume: Volume) => (await readAll(aTailer(volume))).entries.map(({ value }) => value.text)

describe('a log of what can be computed again', () => {
  it('does not take twice what was appended behind the saved place', async () => {
    const { volume } = aVolume()
    const first = await open(volume)
    await first.recall(undefined)
    expect(await first.append(notes(1, 2))).toBe(2)
    const saved = await first.saved()
    expect(await first.append(notes(3, 4))).toBe(2)
    await first.close()
    const second = await open(volume)
    await second.recall(saved)
    expect(await second.append(notes(3))).toBe(0)
    expect(await second.append(notes(4, 5))).toBe(1)
    await second.close()
    expect(await texts(volume)).toEqual(['note 1', 'note 2', 'note 3', 'note 4', 'note 5'])
  })

  it('tells the next life what it has not come to itself', async () => {
    const { volume } = aVolume()
    const first = await open(volume)
    await first.recall(undefined)
    const empty = await first.saved()
    await first.append(notes(1, 2, 3))
    await first.close()
    const second = await open(volume)
    await second.recall(empty)
    expect(await second.append(notes(1))).toBe(0)
    const saved = JSON.parse(JSON.stringify(await second.saved()))
    expect(saved.ahead).toEqual(['note 2', 'note 3'])
    await second.close()
    const third = await open(volume)
    await third.recall(saved)
    expect(await third.append(notes(2, 3, 4))).toBe(1)
    await third.close()
    expect(await texts(volume)).toEqual(['note 1', 'note 2', 'note 3', 'note 4'])
  })

  it('with nothing saved knows all that is in the log', async () => {
    const { volume } = aVolume()
    const first = await open(volume)
    await first.recall(undefined)
    await first.append(notes(1, 2))
    await first.close()
    const second = await open(volume)
    await second.recall(undefined)
    expect(await second.append(notes(1, 2, 3))).toBe(1)
    await second.close()
  })

  it('takes everything once nothing can come again', async () => {
    const { volume } = aVolume()
    const first = await open(volume)
    await first.recall(undefined)
    await first.append(notes(1))
    await first.close()
    const second = await open(volume)
    await second.recall(undefined)
    second.forget()
    expect(await second.append(notes(1))).toBe(1)
    expect((await second.saved()).ahead).toEqual([])
    await second.close()
  })

  it('waits for a folder until its holder lets go, or until it need not wait any more', async () => {
    const { volume } = aVolume()
    const holder = await open(volume)
    const given = new AbortController()
    const impatient = open(volume, given.signal)
    given.abort(new Error('the partition has gone elsewhere'))
    await expect(impatient).rejects.toThrow('the partition has gone elsewhere')
    const waiting = open(volume)
    await holder.close()
    const next = await waiting
    await next.recall(undefined)
    expect(await next.append(notes(1))).toBe(1)
    await next.close()
  })
})
