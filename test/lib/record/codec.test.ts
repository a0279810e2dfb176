import { describe, expect, test } from 'vitest'
import { parseTransferPlainly, transferCodec } from '../../../lib/record/codec.ts'
import { MAX_LINE_BYTES } from '../../../lib/record/record.ts'
import { aTransfer, NOON } from '../../support/builders.ts'
import { aFullTransfer, aLine, aSignedLine } from '../../support/records.ts'

const plain = aLine().toString()
const body = plain.slice(0, -18)

function reasonOf(line: string | Buffer): string {
  const parsed = transferCodec.parse(Buffer.from(line))
  return parsed.ok ? 'ok' : parsed.reason
}

describe('a line that was written', () => {
  test.each([
    ['a plain transfer', aTransfer()],
    ['a transfer with every optional field', aFullTransfer()],
  ])('%s reads back the same, with v, seq and id', (_, transfer) => {
    const parsed = transferCodec.parse(aLine(transfer, 17))
    expect(parsed).toEqual({
      ok: true,
      seq: 17,
      at: transfer.endedAt,
      value: { ...transfer, v: 1, seq: 17, id: transfer.id ?? 'SITE_A-17' },
    })
  })

  test('record time is the end of the transfer, in milliseconds', () => {
    expect(transferCodec.timeOf(aTransfer({ endedAt: NOON + 0.12345 }))).toBe(NOON + 0.123)
  })
})

describe('a line that is not right', () => {
  test.each([
    ['an empty line', '', 'foreign'],
    ['a text', 'hello', 'foreign'],
    ['a JSON of somebody else', '{"level":30,"msg":"hello"}', 'foreign'],
    ['a line cut in the middle', plain.slice(0, 200), 'torn'],
    ['a line cut inside the checksum', plain.slice(0, -5), 'torn'],
    ['a trailer in capitals', `${body},"crc":"ABCDEF01"}`, 'torn'],
    ['a wrong checksum', `${body},"crc":"00000000"}`, 'crc'],
    ['a changed value', plain.replace('"attempt":1', '"attempt":2'), 'crc'],
    ['a carriage return at the end', `${plain}\r`, 'foreign'],
    ['a byte order mark', `\ufeff${plain.slice(0, -2)}`, 'encoding'],
    ['NUL bytes', '\0'.repeat(300), 'encoding'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'encoding'],
    ['not JSON under a right checksum', aSignedLine('{"v":1,"seq":1,oops}'), 'syntax'],
    ['a rule broken under a right checksum', aSignedLine('{"v":1,"seq":1}'), 'schema'],
    ['a newer major version', aSignedLine('{"v":2,"seq":1,"something":"else"}'), 'version'],
    ['the longest line there may be', Buffer.alloc(MAX_LINE_BYTES - 1, 'x'), 'foreign'],
    ['one byte more', Buffer.alloc(MAX_LINE_BYTES, 'x'), 'oversized'],
  ])('%s is damage with a reason', (_, line, reason) => {
    expect(reasonOf(line)).toBe(reason)
  })

  test.each([
    ['a broken rule', '{"v":1,"seq":7}'],
    ['a newer version', '{"v":2,"seq":7}'],
  ])('%s still tells its seq, so that no gap is reported', (_, json) => {
    expect(transferCodec.parse(aSignedLine(json))).toMatchObject({ ok: false, seq: 7 })
  })
})

describe('a newer minor version', () => {
  test('unknown fields are kept', () => {
    const parsed = transferCodec.parse(aSignedLine(`${body},"colour":{"shade":["blue"]}}`))
    expect(parsed).toMatchObject({ ok: true, value: { site: 'SITE_A', colour: { shade: ['blue'] } } })
  })

  test.each([
    ['depth 4', '{"a":{"b":[]}}', 'ok'],
    ['depth 5', '{"a":{"b":[[]]}}', 'schema'],
    ['depth 30,000', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'schema'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'schema'],
    ['constructor, deep down', '{"a":{"constructor":1}}', 'schema'],
    ['prototype', '{"prototype":1}', 'schema'],
  ])('an unknown field with %s', (_, json, reason) => {
    expect(reasonOf(aSignedLine(`${body},"extra":${json}}`))).toBe(reason)
  })

  test('any order of fields is read', () => {
    const shuffled = body.replace(/"seq":1,("id":"SITE_A-1")/, '$1,"seq":1')
    expect(shuffled).not.toBe(body)
    expect(transferCodec.parse(aSignedLine(`${shuffled}}`))).toEqual(parseTransferPlainly(aLine()))
  })
})
