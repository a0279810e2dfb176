import { describe, expect, it, onTestFinished } from 'vitest'
import { AlreadyWritten } from '../../exporters/already-written.ts'
import { Pump } from '../../exporters/pump.ts'
import type { Saved, Saves } from '../../exporters/saves.ts'
import { openSiteLog } from '../../exporters/site-log.ts'
import { emptyBatch, type Source, type SourceBatch } from '../../exporters/source.ts'
import { systemClock } from '../../lib/clock.ts'
import { DtmsError } from '../../lib/errors.ts'
import { silentLogger } from '../../lib/logger.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aFolder, aTransfer, eventually, NOON } from '../support/builders.ts'
import { aDiskThatFills, SITE_A, transfersOf } from '../support/exporters.ts'

/** Gives transfers whose sizes count up, by the batches that the test hands it; then nothing more. */
class CountingSource implements Source {
  readonly kind = 'counting'
  readonly #batches: Partial<SourceBatch & { count: number }>[]
  given = 0

  constructor(batches: Partial<SourceBatch & { count: number }>[]) {
    this.#batches = [...batches]
  }

  async open(): Promise<void> {}

  async next(): Promise<SourceBatch> {
    const batch = this.#batches.shift()
    if (batch === undefined) return emptyBatch(5)
    const { count = 0, ...rest } = batch
    const transfers = Array.from({ length: count }, (_, i) => aTransfer({ sizeBytes: this.given + i + 1 }))
    this.given += count
    return { ...emptyBatch(0), transfers, ...rest }
  }

  state() {
    return { positions: new Map(), state: this.given }
  }

  status() {
    return { pastProgress: this.#batches.length === 0 ? 1 : 0, lagSeconds: 0 }
  }

  async close(): Promise<void> {}
}

async function aPump(options: {
  batches: Partial<SourceBatch & { count: number }>[]
  volume?: Volume
  written?: number
  failSaves?: number
  saveEveryMs?: number
}) {
  const volume = options.volume ?? createInlineVolume({ root: aFolder() })
  const log = await openSiteLog({ volume, site: SITE_A, clock: systemClock, logger: silentLogger })
  onTestFinished(() => log.close())
  const saved: Saved[] = []
  let failures = options.failSaves ?? 0
  const saves: Saves = {
    load: async () => saved.at(-1),
    async save(state) {
      if (failures-- > 0) throw new DtmsError('volume.unavailable', 'the volume is away')
      saved.push(state)
    },
  }
  const fatal: unknown[] = []
  let pastEnded = 0
  const source = new CountingSource(options.batches)
  const pump = new Pump({
    source,
    skip: new AlreadyWritten({ transfers: options.written ?? 0, events: 0, truth: 0 }),
    log,
    saves,
    logger: silentLogger,
    onPastWritten: () => {
      pastEnded += 1
    },
    onFatal: (error) => fatal.push(error),
    saveEveryMs: options.saveEveryMs ?? 60_000,
  })
  onTestFinished(() => pump.stop())
  pump.start()
  return { volume, log, source, pump, saved, fatal, pastEnded: () => pastEnded }
}

const sizes = async (volume: Volume) => (await transfersOf(volume)).map(({ sizeBytes }) => sizeBytes)

const pausedEvent = { type: 'paused' as const, at: NOON, from: NOON - 1000, to: NOON }

describe('the pump', () => {
  it('carries everything in order, and ends the past once when it is durable', async () => {
    const { volume, pump, pastEnded } = await aPump({ batches: [{ count: 3 }, {}, { count: 2 }] })
    await eventually(() => pump.pastWritten)
    expect(await sizes(volume)).toEqual([1, 2, 3, 4, 5])
    expect(pastEnded()).toBe(1)
  })

  it('saves behind what is durable, and at the end of the past at once', async () => {
    const { saved, log } = await aPump({ batches: [{ count: 3 }, { count: 2 }] })
    await eventually(() => saved.length > 0)
    expect(saved[0]).toMatchObject({ source: 'counting', lastSeqs: { transfers: 5 }, state: { state: 5 } })
    expect(log.pending).toBe(0)
  })

  it('throws away what the log has, and saves only behind it', async () => {
    const { volume, saved } = await aPump({
      batches: [{ count: 3, settle: 'saved' }, { count: 3 }, {}],
      written: 4,
      saveEveryMs: 0,
    })
    await eventually(() => saved.length > 0)
    expect(await sizes(volume)).toEqual([5, 6])
    expect(saved[0]).toMatchObject({ lastSeqs: { transfers: 2 }, state: { state: 6 } })
  })

  it('writes nothing further until a state that must be saved is saved', async () => {
    const { volume, saved, source } = await aPump({
      batches: [{ count: 1, settle: 'saved' }, { count: 1 }],
      failSaves: 1,
    })
    await eventually(async () => (await sizes(volume)).length === 1)
    expect([source.given, saved.length]).toEqual([1, 0])
    await eventually(async () => (await sizes(volume)).length === 2)
    expect(saved[0]).toMatchObject({ lastSeqs: { transfers: 1 }, state: { state: 1 } })
  })

  it('counts the pauses it writes', async () => {
    const { pump } = await aPump({ batches: [{ events: [pausedEvent], settle: 'durable' }] })
    await eventually(() => pump.pastWritten)
    expect(pump.paused).toEqual({ count: 1, seconds: 1000 })
  })

  it('saves when it is stopped, twice is once', async () => {
    const { pump, saved } = await aPump({ batches: [{ count: 2 }, {}] })
    await eventually(() => pump.pastWritten)
    await Promise.all([pump.stop(), pump.stop()])
    const states = saved.length
    await pump.stop()
    expect(saved.length).toBe(states)
    expect(saved.at(-1)).toMatchObject({ lastSeqs: { transfers: 2 }, state: { state: 2 } })
  })
})

describe('a volume that is full', () => {
  it('holds everything back and loses nothing when there is room again', async () => {
    const disk = aDiskThatFills()
    const volume = createInlineVolume({ root: aFolder(), calls: disk.calls })
    const batches = Array.from({ length: 20 }, () => ({ count: 1, waitMs: 5 }))
    const { pump, source, fatal } = await aPump({ volume, batches })
    disk.full = true
    await eventually(() => pump.stuckSeconds > 0.1)
    expect(source.given).toBeLessThan(20)
    disk.full = false
    await eventually(async () => (await sizes(volume)).length === 20)
    expect(await sizes(volume)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect([pump.stuckSeconds, fatal]).toEqual([0, []])
  })
})

describe('a log that takes nothing any more', () => {
  it('ends it for good', async () => {
    const { log, fatal, source } = await aPump({ batches: [{ count: 1 }, { waitMs: 50 }, { count: 1 }] })
    await eventually(() => source.given === 1)
    await log.close()
    await eventually(() => fatal.length > 0)
    expect(fatal[0]).toMatchObject({ code: 'log.closed' })
  })
})
