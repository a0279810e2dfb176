import { expect, it } from 'vitest'
import { windowsCodec } from '../../../lib/streams/codecs.ts'
import { WindowState } from '../../../streaming/windows.ts'
import { anEvent } from '../../support/stream-events.ts'

const state = new WindowState({ windowSeconds: 60, watermarkSeconds: 0, latenessSeconds: 0 }, 3)
state.add(anEvent({ at: 60, status: 'failed', errorScope: 'source', errorClass: 'not_found' }))
state.add(anEvent({ at: 300 }))
const [part] = state.takeClosed()
if (part === undefined) throw new Error('no window closed')
const line = windowsCodec.serialise(part, 7).trimEnd()

it('a line comes back as it was written', () => {
  expect(windowsCodec.parse(Buffer.from(line))).toEqual({ ok: true, seq: 7, at: 120, value: { ...part, v: 1, seq: 7 } })
})

it.each([
  ['count', 0],
  ['failed', -1],
  ['scope', 'platform'],
  ['source', 'site a'],
  ['bytes', -1],
])('a line whose %s is %j is not written', (field, value) => {
  expect(() => windowsCodec.serialise({ ...part, [field]: value }, 1)).toThrow()
})
