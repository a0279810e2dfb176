import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { takeApart } from '../../../lib/log/joined.ts'
import { LineCutter } from '../../../lib/log/lines.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import { closeLine } from '../../../lib/record/crc.ts'
import type { TransferRecord } from '../../../lib/record/record.ts'
import { aTransfer } from '../../support/builders.ts'
import { aFullTransfer } from '../../support/records.ts'

const lines = [aTransfer(), aFullTransfer(), aTransfer({ sizeBytes: 2 ** 53 - 1 })].map((transfer, i) =>
  transferCodec.serialise(transfer, i + 1),
)
const tail = Buffer.from(lines.join(''))
const originals = new Set(valuesOf(tail).map((value) => JSON.stringify(value)))

/** Every record that a reader of these bytes would believe. */
function valuesOf(bytes: Buffer): TransferRecord[] {
  return new LineCutter(0)
    .cut(bytes)
    .flatMap(({ bytes: line }) =>
      line === undefined ? [] : [line, ...(takeApart(line) ?? []).map((part) => part.bytes)],
    )
    .map((line) => transferCodec.parse(line))
    .flatMap((parsed) => (parsed.ok ? [parsed.value] : []))
}

describe('a damaged tail of three records', () => {
  test('cut at any byte, it gives only whole records', () => {
    for (let length = 0; length <= tail.length; length += 1) {
      const values = valuesOf(tail.subarray(0, length))
      const whole = lines.filter((_, i) => lines.slice(0, i + 1).join('').length <= length).length
      expect(values.map((value) => value.seq)).toEqual([1, 2, 3].slice(0, whole))
    }
  })

  test('with any single bit flipped, no wrong value is read and at most one record is lost', () => {
    // The flip of the last newline leaves a line that is not ended yet: it is waited for, and not counted here.
    for (let bit = 0; bit < (tail.length - 1) * 8; bit += 1) {
      const byte = bit >> 3
      tail[byte] = (tail[byte] as number) ^ (1 << (bit & 7))
      const values = valuesOf(tail)
      tail[byte] = (tail[byte] as number) ^ (1 << (bit & 7))
      const wrong = values.filter((value) => !originals.has(JSON.stringify(value)))
      if (wrong.length > 0) expect.fail(`bit ${bit} gave a wrong value: ${JSON.stringify(wrong)}`)
      if (values.length < 2) expect.fail(`bit ${bit} left ${values.length} records`)
    }
  })
})

describe('hostile lines', () => {
  test('20,000 of them are answered with a reason and never thrown at', () => {
    const json = fc.json({ maxDepth: 6, noUnicodeString: false })
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      json.map((text) => Buffer.from(text)),
      json.map((text) => Buffer.from(closeLine(text.replace(/}$/, '')).slice(0, -1))),
      json.map((text) => Buffer.from(closeLine(`{"v":1,"seq":1,"extra":${text}`).slice(0, -1))),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => {
        const line = Buffer.from(lines[0] as string)
        Buffer.from(bytes).copy(line, (bytes[0] ?? 0) % line.length)
        return line
      }),
    )
    const reasons = new Map<string, number>()
    fc.assert(
      fc.property(hostile, (line) => {
        const parsed = transferCodec.parse(line)
        const reason = parsed.ok ? 'ok' : parsed.reason
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
        if (parsed.ok) expect(originals).toContain(JSON.stringify(parsed.value))
      }),
      { numRuns: 20_000 },
    )
    expect([...reasons.keys()]).toEqual(expect.arrayContaining(['torn', 'foreign', 'encoding', 'schema']))
  })

  test('a nesting that would exhaust a recursive reader is answered', () => {
    const deep = closeLine(`{"v":1,"seq":1,"extra":${'[{"a":'.repeat(9000)}1${'}]'.repeat(9000)}`).slice(0, -1)
    expect(transferCodec.parse(Buffer.from(deep.slice(0, 65_000)))).toMatchObject({ ok: false })
  })
})
