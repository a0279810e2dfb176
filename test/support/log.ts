import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import type { Codec, LogWriter, TailBatch, Tailer } from '../../lib/log/log.ts'
import { segmentsOf } from '../../lib/log/segments.ts'
import { createTailer, type TailerOptions } from '../../lib/log/tailer.ts'
import { type LogWriterOptions, openLogWriter } from '../../lib/log/writer.ts'
import { silentLogger } from '../../lib/logger.ts'
import { frameDamage } from '../../lib/record/codec.ts'
import { closeLine } from '../../lib/record/crc.ts'
import type { VolumeCalls } from '../../lib/volume/calls.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import type { Volume } from '../../lib/volume/volume.ts'
import { aFolder, NOON } from './builders.ts'

/** The smallest entry that a log can hold: tests of the store need no more. */
export interface Note {
  text: string
  at: number
}

export const noteCodec: Codec<Note, Note> = {
  serialise: (note, seq) => closeLine(JSON.stringify({ v: 1, seq, ...note }).slice(0, -1)),
  parse(line, isIntact = false) {
    const damage = isIntact ? undefined : frameDamage(line)
    if (damage !== undefined) return { ok: false, reason: damage }
    const { v, seq, text, at } = JSON.parse(line.toString('utf8'))
    if (v > 1) return { ok: false, reason: 'version', seq }
    return { ok: true, seq, value: { text, at }, at }
  },
  timeOf: (note) => note.at,
}

/** Line `seq` of a log of notes, with its newline. */
export function aNoteLine(seq: number, text = `note ${seq}`, at = NOON + seq): string {
  return noteCodec.serialise({ text, at }, seq)
}

export function aNote(n: number, at = NOON + n): Note {
  return { text: `note ${n}`, at }
}

export function aVolume(calls?: VolumeCalls): { volume: Volume; root: string } {
  const root = aFolder()
  const volume = createInlineVolume({ root, ...(calls === undefined ? {} : { calls }) })
  return { volume, root }
}

/** A writer of `notes/W`, closed when the test has ended. */
export async function aWriter(volume: Volume, changes: Partial<LogWriterOptions<Note>> = {}): Promise<LogWriter<Note>> {
  const writer = await openLogWriter({
    volume,
    stream: 'notes',
    writer: 'W',
    codec: noteCodec,
    clock: systemClock,
    logger: silentLogger,
    ...changes,
  })
  onTestFinished(() => writer.close())
  return writer
}

export function aTailer(volume: Volume, changes: Partial<TailerOptions<Note>> = {}): Tailer<Note> {
  return createTailer({ volume, stream: 'notes', codec: noteCodec, ...changes })
}

/** Polls until there is nothing more, and returns all of it as one batch. */
export async function readAll<Read>(tailer: Tailer<Read>, maxBytes?: number): Promise<TailBatch<Read>> {
  const all: TailBatch<Read> = { entries: [], gaps: [], damaged: [], repeated: 0, caughtUp: false }
  while (!all.caughtUp) {
    const batch = await tailer.poll(maxBytes)
    all.entries.push(...batch.entries)
    all.gaps.push(...batch.gaps)
    all.damaged.push(...batch.damaged)
    all.repeated += batch.repeated
    all.caughtUp = batch.caughtUp
  }
  return all
}

export function textsOf(batch: TailBatch<Note>): string[] {
  return batch.entries.map(({ value }) => value.text)
}

/** Names of the segments of `notes/W`. */
export function segmentFiles(root: string, folder = 'notes/W'): string[] {
  return segmentsOf(readdirSync(join(root, folder)).sort())
}

export function fileText(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
