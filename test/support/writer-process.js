// A process of its own that writes `transfers/SITE_A` until it is told to end; started by writer-process.ts.
// It says on stdout what it has been promised: one JSON object a line.
import { systemClock } from '../../dist/lib/clock.js'
import { openLogWriter } from '../../dist/lib/log/writer.js'
import { silentLogger } from '../../dist/lib/logger.js'
import { transferCodec } from '../../dist/lib/record/codec.js'
import { openVolume } from '../../dist/lib/volume/open.js'

const { root, name, leaseTiming, transfer } = JSON.parse(process.env.WRITER_OPTIONS ?? '{}')
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
const volume = openVolume({ root })

try {
  const writer = await openLogWriter({
    volume,
    stream: 'transfers',
    writer: 'SITE_A',
    codec: transferCodec,
    clock: systemClock,
    logger: silentLogger,
    leaseTiming,
    onFenced: (error) => {
      say({ fenced: error.code })
      process.exitCode = 1
    },
  })
  say({ epoch: writer.epoch, nextSeq: writer.nextSeq })
  let ending = false
  process.on('SIGTERM', () => {
    ending = true
  })
  for (let n = 1; !ending; n += 1) {
    const id = `${name}-${n}`
    const seq = await writer.append({ ...transfer, origin: { kind: 'test', id } })
    say({ seq, id })
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await writer.close()
  say({ closed: true })
} catch (error) {
  say({ error: error.code, message: error.message, hint: error.hint })
  process.exitCode = 1
}
await volume.close()
