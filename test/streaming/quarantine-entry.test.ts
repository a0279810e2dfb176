import { expect, it } from 'vitest'
import { quarantineCodec } from '../../lib/streams/codecs.ts'
import { quarantineId, toLostEntry, toQuarantine } from '../../streaming/quarantine-entry.ts'

const found = { at: 1_700_000_000, origin: 't-p0', reason: 'not_json', detail: 'x'.repeat(300) }

it('keeps the beginning of the message, its length and its place', () => {
  const entry = toQuarantine({ offset: 7, value: Buffer.from('é'.repeat(1000)) }, found)
  expect(entry).toMatchObject({ reason: 'not_json', origin: 't-p0', offset: 7, bytes: 2000, text: 'é'.repeat(512) })
  expect(entry.detail).toHaveLength(256)
  expect(quarantineCodec.parse(Buffer.from(quarantineCodec.serialise(entry, 1).trimEnd())).ok).toBe(true)
})

it('keeps that there was nothing', () => {
  expect(toQuarantine({ offset: 0, value: undefined }, found)).toMatchObject({ bytes: 0, text: '' })
})

it('says which offsets are lost', () => {
  const entry = toLostEntry({ from: 5, to: 9 }, found)
  expect(entry).toMatchObject({
    reason: 'lost',
    offset: 5,
    detail: 'offsets 5 to 8 were deleted before they were read',
  })
  expect(quarantineCodec.parse(Buffer.from(quarantineCodec.serialise(entry, 1).trimEnd())).ok).toBe(true)
})

it('two are the same when reason and place are', () => {
  const message = { offset: 7, value: Buffer.from('a') }
  const id = quarantineId(toQuarantine(message, found))
  expect(quarantineId(toQuarantine(message, { ...found, at: 0 }))).toBe(id)
  expect(quarantineId(toQuarantine({ ...message, offset: 8 }, found))).not.toBe(id)
  expect(quarantineId(toQuarantine(message, { ...found, origin: 't-p1' }))).not.toBe(id)
})
