import type { Channel, ZScoreOptions, ZVerdict } from '../lib/detect/zscore.ts'
import type { AnomalyLine } from '../lib/streams/anomalies.ts'
import type { Entry } from '../lib/streams/envelope.ts'
import type { StreamEvent } from './event.ts'
import { type SavedCurve, SizeCurve } from './size-curve.ts'
import { toAnomaly } from './transfer-anomaly.ts'
import { ValueStreams } from './values.ts'

export interface TransferFinding {
  /** 0 to 1; 0.5 is the threshold. */
  score: number
  /** Signed, of the strongest channel. */
  z: number
  channel: Channel
  /** Present when it is an anomaly. */
  line: Entry<AnomalyLine> | undefined
}

/** Rates that differ by a tenth are alike, however even a link has been. */
const FLOOR = 0.1
const LENGTH_BYTES = 4

/**
 * One stream of values a link: the logarithm of the rate, less what is usual for that size on that link. Only slow is
 * trouble. Of a transfer that failed there is no rate: failures are counted in the windows and watched as a share.
 *
 * With the size taken out the duration says the same as the rate, so there is one stream and not two that would be wrong
 * together.
 */
export class TransferValues {
  readonly #streams: ValueStreams
  readonly #curves = new Map<string, SizeCurve>()

  /** `saved`: what `save` gave. @throws DtmsError `checkpoint.invalid` */
  static restore(zscore: ZScoreOptions, saved: Uint8Array | undefined): TransferValues {
    const options = { zscore: { ...zscore, side: 'low' as const, floor: FLOOR } }
    if (saved === undefined) return new TransferValues(new ValueStreams(options))
    const bytes = Buffer.from(saved.buffer, saved.byteOffset, saved.byteLength)
    const end = LENGTH_BYTES + (bytes.length < LENGTH_BYTES ? 0 : bytes.readUInt32LE(0))
    const restored = new TransferValues(ValueStreams.restore(options, bytes.subarray(end)))
    const curves = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as [string, SavedCurve][]
    for (const [link, curve] of curves) restored.#curveOf(link).restore(curve)
    return restored
  }

  private constructor(streams: ValueStreams) {
    this.#streams = streams
  }

  /** Transfers that were not judged because there was no place for their link. */
  get refused(): number {
    return this.#streams.refused
  }

  /** Links that are told apart. */
  get size(): number {
    return this.#streams.size
  }

  /** Undefined when there is nothing to compare: too little seen, or no rate (a failure, an empty file). */
  observe(event: StreamEvent): TransferFinding | undefined {
    if (event.status !== 'ok' || !(event.bytes > 0) || !(event.durationSeconds > 0)) return undefined
    if (!this.#streams.open(event.link)) return undefined
    const rate = Math.log(event.bytes / event.durationSeconds)
    const curve = this.#curveOf(event.link)
    const usual = curve.at(event.sizeBytes)
    curve.learn(event.sizeBytes, rate)
    if (usual === undefined) return undefined
    // 24 bits are more than a rate has, and half as much to save.
    const verdict: ZVerdict | undefined = this.#streams.observe(event.link, Math.fround(rate - usual))
    if (verdict === undefined) return undefined
    const line = verdict.anomalous ? toAnomaly(event, verdict, Math.exp(usual)) : undefined
    return { score: verdict.score, z: verdict.z, channel: verdict.channel, line }
  }

  /** 4 KiB for a link with the usual window, and half a KiB for its sizes. */
  save(): Uint8Array {
    const curves = Buffer.from(JSON.stringify([...this.#curves].map(([link, curve]) => [link, curve.save()])))
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(curves.length)
    return Buffer.concat([length, curves, this.#streams.save()])
  }

  #curveOf(link: string): SizeCurve {
    const known = this.#curves.get(link)
    if (known !== undefined) return known
    // A link that lost its place takes its sizes with it.
    if (this.#curves.size >= this.#streams.size)
      for (const other of this.#curves.keys()) if (!this.#streams.has(other)) this.#curves.delete(other)
    const curve = new SizeCurve()
    this.#curves.set(link, curve)
    return curve
  }
}
