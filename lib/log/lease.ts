import type { Clock } from '../clock.ts'
import { DtmsError } from '../errors.ts'
import { describeError } from '../lifecycle.ts'
import type { Logger } from '../logger.ts'
import type { SegmentHandle, Volume } from '../volume/volume.ts'
import { type Holder, type ProcessTable, systemProcesses } from './holder.ts'
import { highestEpoch, LEASE_FILE, segmentName } from './segments.ts'

/** All in milliseconds of the own monotonic clock. Tests shorten them; everybody on one volume must use the same. */
export interface LeaseTiming {
  beatMs: number
  /** How long a silent holder is watched before it is replaced. */
  watchMs: number
  /** A beat older than this is checked before anything is written or acknowledged. Must be well below `watchMs`. */
  trustMs: number
  /** How often a watched lease is looked at. */
  lookMs: number
}

export const leaseTiming: LeaseTiming = { beatMs: 5000, watchMs: 15_000, trustMs: 10_000, lookMs: 500 }

export interface LeaseOptions {
  volume: Volume
  /** `<stream>/<writer>` */
  folder: string
  clock: Clock
  logger: Logger
  timing?: LeaseTiming
  processes?: ProcessTable
  /** Called once when another writer has taken over. */
  onLost: (error: DtmsError) => void
}

export interface Claim {
  lease: Lease
  segment: string
  handle: SegmentHandle
}

interface LeaseFile {
  holder: Holder
  epoch: number
  beat: number
}

const MAX_LEASE_BYTES = 4096

/**
 * Becomes the one writer of a folder and opens the first segment of a new epoch; docs/log-store.md says by which rules.
 * @throws DtmsError `log.writer_busy` that names the holder
 */
export async function claimFolder(options: LeaseOptions): Promise<Claim> {
  const { volume, folder } = options
  const processes = options.processes ?? systemProcesses
  const path = `${folder}/${LEASE_FILE}`
  const holder = processes.self()
  for (;;) {
    const seen = await volume.read(path, 0, MAX_LEASE_BYTES)
    const found = seen === undefined ? undefined : parseLease(seen)
    const highest = Math.max(highestEpoch(await volume.list(folder)), found?.epoch ?? 0)
    if (seen === undefined) {
      const claim = serialiseLease({ holder, epoch: highest + 1, beat: 0 })
      if (await volume.createExclusive(path, claim)) return openEpoch(options, holder, claim, highest)
      continue
    }
    if (!isGone(found, highest, processes)) {
      const outcome = await watch(options, path, seen, () => isGone(found, highest, processes))
      if (outcome === 'released') continue
      if (outcome === 'alive') throw await busy(options, path)
    }
    return openEpoch(options, holder, seen, highest)
  }
}

/** Makes the fence: of several newcomers one gets the segment, and only if the lease is still what it was. */
async function openEpoch(options: LeaseOptions, holder: Holder, expected: Buffer, highest: number): Promise<Claim> {
  const { volume, folder } = options
  const path = `${folder}/${LEASE_FILE}`
  // Listed again: whoever held the folder between the first look and the claim has left a higher epoch.
  const epoch = Math.max(highestEpoch(await volume.list(folder)), highest) + 1
  const segment = segmentName(epoch, 1)
  const handle = await volume.openSegment(`${folder}/${segment}`)
  if (handle === undefined) throw await busy(options, path)
  try {
    const now = await volume.read(path, 0, MAX_LEASE_BYTES)
    if (now === undefined || !now.equals(expected)) throw await busy(options, path)
    const lease = new Lease(options, { holder, epoch, beat: 0 })
    await lease.check(true)
    return { lease, segment, handle }
  } catch (error) {
    await handle.close().catch(() => {})
    await volume.remove(`${folder}/${segment}`).catch(() => {})
    throw error
  }
}

/** A lease below the newest epoch was written by a holder that is behind: its process says nothing about the real one. */
function isGone(found: LeaseFile | undefined, highest: number, processes: ProcessTable): boolean {
  return found !== undefined && found.epoch >= highest && processes.isAlive(found.holder) === false
}

async function watch(
  options: LeaseOptions,
  path: string,
  seen: Buffer,
  hasGone: () => boolean,
): Promise<'silent' | 'alive' | 'released'> {
  const { volume, clock } = options
  const timing = options.timing ?? leaseTiming
  options.logger.info('waiting for a sign of the folder’s present writer', { folder: options.folder })
  const end = clock.monotonic() + timing.watchMs
  while (clock.monotonic() < end) {
    await new Promise((resolve) => setTimeout(resolve, timing.lookMs))
    const now = await volume.read(path, 0, MAX_LEASE_BYTES)
    if (now === undefined) return 'released'
    if (!now.equals(seen)) return 'alive'
    if (hasGone()) return 'silent'
  }
  return 'silent'
}

async function busy(options: LeaseOptions, path: string): Promise<DtmsError> {
  const bytes = await options.volume.read(path, 0, MAX_LEASE_BYTES)
  const holder = bytes === undefined ? undefined : parseLease(bytes)?.holder
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  return new DtmsError('log.writer_busy', `${options.folder} is being written by ${who}`, {
    hint: 'stop that process, or give this one another site or data directory',
  })
}

/** A held folder. The beat is renewed by a timer; the writer asks `ensure` before it writes and acknowledges. */
export class Lease {
  readonly epoch: number
  readonly #options: LeaseOptions
  readonly #timing: LeaseTiming
  readonly #path: string
  readonly #file: LeaseFile
  #beatAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #lost: DtmsError | undefined
  #checking: Promise<void> | undefined
  #released = false
  #failing = false

  constructor(options: LeaseOptions, file: LeaseFile) {
    this.#options = options
    this.#timing = options.timing ?? leaseTiming
    this.#path = `${options.folder}/${LEASE_FILE}`
    this.#file = file
    this.epoch = file.epoch
  }

  /**
   * Returns when nobody can have taken the folder over: at once while the newest beat is young.
   * @throws DtmsError `log.fenced`, or what the volume throws
   */
  async ensure(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
    if (this.#options.clock.monotonic() - this.#beatAt > this.#timing.trustMs) await this.check()
  }

  /** Looks at lease and epochs and renews the beat. `first`: the lease may still be that of the one before. */
  check(first = false): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    this.#checking ??= this.#check(first).finally(() => {
      this.#checking = undefined
      this.#schedule()
    })
    return this.#checking
  }

  /** Gives the folder back, unless it is somebody else's already. */
  async release(): Promise<void> {
    this.#released = true
    clearTimeout(this.#timer)
    await this.#checking?.catch(() => {})
    clearTimeout(this.#timer)
    if (this.#lost === undefined && (await this.#find()).mine) await this.#options.volume.remove(this.#path)
  }

  async #check(first: boolean): Promise<void> {
    const { volume, clock, folder } = this.#options
    const startedAt = clock.monotonic()
    const { mine, behind } = await this.#find()
    if (!mine && !behind && !first) throw this.#lose()
    this.#file.beat += 1
    await volume.replace(this.#path, serialiseLease(this.#file))
    // The order matters: a newcomer makes its segment first and reads the lease again after that, so one of us sees the other.
    if (highestEpoch(await volume.list(folder)) > this.epoch) throw this.#lose()
    this.#beatAt = startedAt
  }

  /** `behind`: the lease of an older epoch, put back by a writer that was asleep. It will find out by itself. */
  async #find(): Promise<{ mine: boolean; behind: boolean }> {
    const bytes = await this.#options.volume.read(this.#path, 0, MAX_LEASE_BYTES)
    const found = bytes === undefined ? undefined : parseLease(bytes)
    if (found === undefined) return { mine: false, behind: false }
    const { holder, epoch } = this.#file
    const sameProcess =
      found.holder.host === holder.host && found.holder.pid === holder.pid && found.holder.start === holder.start
    return { mine: sameProcess && found.epoch === epoch, behind: found.epoch < epoch }
  }

  #lose(): DtmsError {
    const error = new DtmsError('log.fenced', `another writer has taken over ${this.#options.folder}`, {
      hint: 'this process was silent for too long and must be started again; see docs/log-store.md',
    })
    this.#lost = error
    clearTimeout(this.#timer)
    this.#options.onLost(error)
    return error
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#released || this.#lost !== undefined) return
    const waitMs = this.#failing ? Math.min(1000, this.#timing.beatMs) : this.#timing.beatMs
    this.#timer = setTimeout(() => void this.#beat(), waitMs)
    this.#timer.unref()
  }

  async #beat(): Promise<void> {
    try {
      await this.check()
      this.#failing = false
    } catch (error) {
      if (!this.#failing && this.#lost === undefined) {
        this.#options.logger.warn('the lease cannot be renewed', {
          folder: this.#options.folder,
          error: describeError(error),
        })
      }
      this.#failing = true
    }
  }
}

function serialiseLease(file: LeaseFile): Buffer {
  return Buffer.from(`${JSON.stringify({ v: 1, holder: file.holder, epoch: file.epoch, beat: file.beat })}\n`)
}

/** Undefined for anything that is not a lease: such a holder cannot be named, only watched. */
function parseLease(bytes: Buffer): LeaseFile | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value !== 'object' || value === null) return undefined
    const { holder, epoch, beat } = value as Partial<LeaseFile>
    if (typeof epoch !== 'number' || typeof beat !== 'number' || typeof holder !== 'object') return undefined
    if (typeof holder.host !== 'string' || !Number.isSafeInteger(holder.pid) || typeof holder.start !== 'number') {
      return undefined
    }
    return { holder, epoch, beat }
  } catch {
    return undefined
  }
}
