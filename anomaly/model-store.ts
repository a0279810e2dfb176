import type { Volume } from '../lib/volume/volume.ts'

const FOLDER = 'models/anomaly'
const MAX_MODEL_BYTES = 16 * 1024 * 1024

/** Model files on the volume, named by the number of their fit. The checkpoint says which one it goes with. */
export class ModelStore {
  readonly #volume: Volume

  constructor(volume: Volume) {
    this.#volume = volume
  }

  load(fit: number): Promise<Buffer | undefined> {
    return this.#volume.read(pathOf(fit), 0, MAX_MODEL_BYTES)
  }

  save(fit: number, bytes: Uint8Array): Promise<void> {
    return this.#volume.replace(pathOf(fit), bytes)
  }

  /** Removes what neither the newest checkpoint nor the one before it needs. */
  async keepOnly(fits: ReadonlySet<number>): Promise<void> {
    for (const name of (await this.#volume.list(FOLDER)) ?? []) {
      const fit = fitOf(name)
      if (fit !== undefined && !fits.has(fit)) await this.#volume.remove(`${FOLDER}/${name}`)
    }
  }
}

function pathOf(fit: number): string {
  return `${FOLDER}/forest-${String(fit).padStart(6, '0')}.bin`
}

function fitOf(name: string): number | undefined {
  const match = /^forest-(\d{6,15})\.bin$/.exec(name)
  return match === null ? undefined : Number(match[1])
}
