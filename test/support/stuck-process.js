// A process whose volume never answers again; it tries to end in the plain way.
import { openVolume } from '../../dist/lib/volume/open.js'

const held = new Int32Array(new SharedArrayBuffer(8))
held[0] = 1
const volume = openVolume({
  root: process.env.STUCK_ROOT ?? '',
  deadlineMs: 100,
  callsModule: new URL('./stalling-calls.js', import.meta.url).href,
  callsData: { memory: held.buffer },
})
try {
  await volume.list('a')
} catch (error) {
  process.stdout.write(`${error.code}\n`)
}
await volume.close()
process.exit(0)
