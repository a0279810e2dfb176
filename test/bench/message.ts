import { PUBLISHED_AT, parseMessage, toMessage } from '../../streaming/message.ts'
import { alternate, type BenchRow } from './harness.ts'
import { transfersOf } from './support-transfers.ts'

/** Reading and making messages of the topic against `JSON.parse` and `JSON.stringify` alone. */
export async function run(): Promise<BenchRow[]> {
  const records = transfersOf('SITE_A', 20_000).map((transfer, i) => ({
    ...{ ...transfer, v: 1, seq: i + 1, id: `SITE_A-${i + 1}` },
  }))
  const place = { partition: 0, timestampMs: 1_696_161_600_000, publishedAt: 1_696_161_600 }
  const messages = records.map((record, offset) => ({
    ...toMessage(record, { ...place, publishedAt: record.endedAt }),
    offset,
  }))
  const read = await alternate(
    () => messages.reduce((sum, message) => sum + bytesOf(parseMessage(message)), 0),
    () => messages.reduce((sum, { value }) => sum + (JSON.parse(value.toString()) as { bytes: number }).bytes, 0),
  )
  const write = await alternate(
    () => records.reduce((sum, record) => sum + toMessage(record, place).value.length, 0),
    () => records.reduce((sum, record) => sum + Buffer.from(JSON.stringify(record)).length, 0),
  )
  const size = messages.reduce((sum, { value }) => sum + value.length, 0) / messages.length
  return [
    { name: 'bytes a message', value: Math.round(size), unit: 'B' },
    { name: 'checked read against JSON.parse', value: Number(read.ratio.toFixed(2)), unit: 'x' },
    rate('checked read', read.candidateMs, messages.length),
    { name: 'message made against JSON.stringify of the record', value: Number(write.ratio.toFixed(2)), unit: 'x' },
    rate(`message made, headers with ${PUBLISHED_AT}`, write.candidateMs, messages.length),
  ]
}

function bytesOf(parsed: ReturnType<typeof parseMessage>): number {
  return parsed.ok ? parsed.event.bytes : 0
}

function rate(name: string, milliseconds: number, count: number): BenchRow {
  return { name, value: Math.round(count / (milliseconds / 1000)), unit: 'messages/s' }
}
