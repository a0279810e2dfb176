import { describe, expect, it } from 'vitest'
import { isPaused } from '../../exporters/pauses.ts'
import { createRandom } from '../../lib/random.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import { eventsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { readWorldFile } from '../../lib/world/world-file.ts'
import { aFolder, eventually } from '../support/builders.ts'
import {
  anExporterProcess,
  newestEnd,
  readAll,
  SITE_A,
  transfersOf,
  withoutLogFields,
  worldTransfers,
} from '../support/exporters.ts'

const KILLS = 12

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('an exporter that is killed at any instant', () => {
  it(`loses nothing and doubles nothing over ${KILLS} kills, in its past and in its present`, async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const random = createRandom(3, 'kills')
    for (let kill = 0; kill < KILLS; kill += 1) {
      const exporter = anExporterProcess(root, { DTMS_SPEED: '60', DTMS_BACKFILL_HOURS: '12' })
      await pause(random.uniform(150, 900))
      exporter.kill('SIGKILL')
      await exporter.ended
    }
    const before = (await readWorldFile(volume))?.backfillUntil ?? 0
    const last = anExporterProcess(root, { DTMS_SPEED: '60', DTMS_BACKFILL_HOURS: '12' })
    await eventually(async () => (await newestEnd(volume)) > before + 600)
    last.kill('SIGTERM')
    expect(await last.ended).toBe(0)

    const { gaps, damaged, repeated } = await readAll(volume, 'transfers', SITE_A, transferCodec)
    expect({ gaps, damaged, repeated }).toEqual({ gaps: [], damaged: [], repeated: 0 })
    const records = await transfersOf(volume)
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1))
    // A busy machine may need longer than ten world minutes to start a process: then that time is marked as paused.
    const { entries } = await readAll(volume, 'events', SITE_A, eventsCodec)
    const pauses = entries.flatMap(({ value }) => (value.type === 'paused' ? [value] : []))
    const world = await worldTransfers(volume, await newestEnd(volume))
    const expected = world.filter(({ at }) => !isPaused(pauses, at))
    expect(records.map(withoutLogFields)).toEqual(expected.map(({ transfer }) => transfer))
  })
})
