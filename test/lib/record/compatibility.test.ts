import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ParsedLine } from '../../../lib/log/log.ts'
import { transferCodec } from '../../../lib/record/codec.ts'
import {
  alertsCodec,
  anomaliesCodec,
  controlCodec,
  correlationsCodec,
  eventsCodec,
  quarantineCodec,
  truthCodec,
} from '../../../lib/streams/codecs.ts'

/** The fixtures are never made anew: they are what older releases have written. */
function linesOf(name: string): Buffer[] {
  const text = readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line))
}

describe('lines of version 1', () => {
  test('are read with the values that they were written with', () => {
    const values: unknown = JSON.parse(readFileSync(new URL('../../fixtures/record-v1.json', import.meta.url), 'utf8'))
    const read = linesOf('record-v1.ndjson').map((line) => {
      const parsed = transferCodec.parse(line)
      return parsed.ok ? parsed.value : parsed
    })
    expect(read).toEqual(values)
  })

  test.each<[string, { parse(line: Buffer): ParsedLine<unknown> }]>([
    ['events', eventsCodec],
    ['control', controlCodec],
    ['truth', truthCodec],
    ['anomalies', anomaliesCodec],
    ['correlations', correlationsCodec],
    ['alerts', alertsCodec],
    ['quarantine', quarantineCodec],
  ])('of %s are read whole', (stream, codec) => {
    const lines = linesOf(`envelope-v1-${stream}.ndjson`)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      const { crc: _, ...value } = JSON.parse(line.toString())
      expect(codec.parse(line)).toMatchObject({ ok: true, value })
    }
  })
})
