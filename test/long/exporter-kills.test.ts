import { describe, expect, it } from 'vitest'
import { isPaused } from '../../exporters/pauses.ts'
import { createRandom } from '../../lib/random.ts'
import { transferCodec } from '../../lib/record/codec.ts'
import { eventsCodec, truthCodec } from '../../lib/streams/codecs.ts'
import type { FaultRequest } from '../../lib/streams/control.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { createSharedClock } from '../../lib/world/shared-clock.ts'
import { aFolder, eventually } from '../support/builders.ts'
import {
  aBrownout,
  aControlWriter,
  anExporterProcess,
  newestEnd,
  readAll,
  SITE_A,
  transfersOf,
  withoutLogFields,
  worldTransfers,
} from '../support/exporters.ts'

const KILLS = Number(process.env.DTMS_KILLS ?? 200)
const ENV = { DTMS_SPEED: '60', DTMS_BACKFILL_HOURS: '12' }

describe('an exporter under kills and requests', () => {
  it(`has the world it should have after ${KILLS} kills`, { timeout: KILLS * 5000 }, async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const random = createRandom(process.env.DTMS_KILL_SEED ?? 11, 'kills')
    const clock = createSharedClock(volume, 'auto')
    const control = await aControlWriter(volume)
    const requests: FaultRequest[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      const exporter = anExporterProcess(root, ENV)
      await new Promise((resolve) => setTimeout(resolve, random.uniform(150, 1500)))
      await clock.refresh()
      if (clock.world !== undefined && random.chance(0.3)) {
        // In time, and late: more than the exporter has written.
        const effectiveAt = clock.now() + random.uniform(-300, 300)
        const request = aBrownout(effectiveAt, { durationSeconds: random.uniform(60, 900) })
        const seq = await control.append(request)
        requests.push({ ...request, at: Math.round(request.at * 1000) / 1000, v: 1, seq })
        await new Promise((resolve) => setTimeout(resolve, random.uniform(0, 1500)))
      }
      exporter.kill('SIGKILL')
      await exporter.ended
    }
    const last = anExporterProcess(root, ENV)
    await clock.refresh()
    const now = clock.now()
    await eventually(async () => (await newestEnd(volume)) > now + 600)
    last.kill('SIGTERM')
    expect(await last.ended).toBe(0)

    const { gaps, damaged, repeated } = await readAll(volume, 'transfers', SITE_A, transferCodec)
    expect({ gaps, damaged, repeated }).toEqual({ gaps: [], damaged: [], repeated: 0 })
    const truth = (await readAll(volume, 'truth', SITE_A, truthCodec)).entries.map(({ value }) => value)
    const acted = requests.flatMap((line) => {
      const startedAt = truth.find(
        ({ type, fault }) => type === 'fault-started' && fault === `f-${line.seq}`,
      )?.startedAt
      if (startedAt === undefined) return []
      return [{ line, at: startedAt > line.effectiveAt + 0.001 ? startedAt - 0.001 : Number.NEGATIVE_INFINITY }]
    })
    const events = (await readAll(volume, 'events', SITE_A, eventsCodec)).entries.map(({ value }) => value)
    const pauses = events.flatMap((event) => (event.type === 'paused' ? [event] : []))
    const world = await worldTransfers(volume, await newestEnd(volume), acted)
    const expected = world.filter(({ at }) => !isPaused(pauses, at)).map(({ transfer }) => transfer)
    const records = await transfersOf(volume)
    process.stdout.write(
      `${KILLS} kills, ${acted.length} of ${requests.length} requests acted, ${pauses.length} pauses, ${records.length} records\n`,
    )
    expect(records.map(withoutLogFields)).toEqual(expected)
  })
})
