import { describe, expect, test } from 'vitest'
import { AlertInbox, changesOf, type ToldAlert } from '../../api/alert-inbox.ts'
import { AlertBook } from '../../api/alerts.ts'
import { createTailer } from '../../lib/log/tailer.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { AlertLine } from '../../lib/streams/alerts.ts'
import { alertsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { aFiringLine, aResolvedLine, aToldAlert } from '../support/alerts.ts'
import { aSharedClock, aWriter } from '../support/api.ts'
import { aFolder, NOON } from '../support/builders.ts'

const over = (changes: Partial<ToldAlert> = {}) => aToldAlert({ status: 'resolved', endsAt: NOON + 60, ...changes })
const { firing: _firing, ...unseen } = aResolvedLine()

describe('of an alert that is told', () => {
  test.each<[string, ToldAlert, AlertLine | undefined, string[]]>([
    ['firing, and unknown: it fires', aToldAlert(), undefined, ['firing']],
    ['firing again: nothing', aToldAlert(), aFiringLine(), []],
    ['firing after its end was told: nothing, it is an old message', aToldAlert(), aResolvedLine(), []],
    ['resolved while it fires: it is over', over(), aFiringLine(), ['resolved told 1']],
    ['resolved again: nothing', over(), aResolvedLine(), []],
    ['resolved, and unknown: it is over', over(), undefined, ['resolved told -']],
    ['resolved again, never seen firing: nothing', over(), unseen, []],
    ['firing anew after its end: it fires', aToldAlert({ startsAt: NOON + 90 }), aResolvedLine(), ['firing']],
    [
      'firing anew, its end was missed: it ended and fires',
      aToldAlert({ startsAt: NOON + 90 }),
      aFiringLine(),
      ['resolved superseded 1', 'firing'],
    ],
    ['firing with an earlier begin: nothing', aToldAlert({ startsAt: NOON - 1 }), aFiringLine(), []],
    ['resolved with an earlier begin: nothing', over({ startsAt: NOON - 1 }), aFiringLine(), []],
    ['resolved with a later begin: it is over', over({ startsAt: NOON + 1 }), aFiringLine(), ['resolved told 1']],
  ])('%s', (_name, told, known, expected) => {
    const lines = changesOf(told, known, NOON + 100)
    const text = lines.map((line) =>
      line.type === 'firing' ? 'firing' : `resolved ${line.resolution} ${line.firing ?? '-'}`,
    )
    expect(text).toEqual(expected)
    for (const { at } of lines) expect(at).toBe(NOON + 100)
  })

  test('the end of what began anew is its new beginning', () => {
    const [end] = changesOf(aToldAlert({ startsAt: NOON + 90 }), aFiringLine(), NOON + 100)
    expect(end).toMatchObject({ startsAt: NOON, endsAt: NOON + 90 })
  })
})

async function anInbox({ readBack = true, root = aFolder() } = {}) {
  const volume = createInlineVolume({ root })
  const clock = aSharedClock()
  const time = { ms: 0 }
  clock.monotonic = () => time.ms
  const book = new AlertBook()
  const tailer = createTailer({ volume, stream: 'alerts', codec: alertsCodec })
  const lines = async () => (await tailer.poll()).entries.map(({ value }) => value)
  const inbox = new AlertInbox({
    ...{ clock, logger: silentLogger, book, expirySeconds: 100, wallNow: () => NOON + 500 },
    apply: (line) => book.apply(line),
    isReadBack: () => readBack,
  })
  const writer = await aWriter(volume, 'alerts', 'api', alertsCodec)
  inbox.use(writer)
  return { inbox, book, clock, time, lines, volume, writer }
}

describe('an inbox', () => {
  test('writes changes and counts repeats', async () => {
    const { inbox, lines } = await anInbox()
    const other = aToldAlert({ fingerprint: 'f2' })
    expect(await inbox.receive([aToldAlert(), other])).toEqual({ accepted: 2, repeated: 0 })
    expect(await inbox.receive([aToldAlert(), over({ fingerprint: 'f2' })])).toEqual({ accepted: 1, repeated: 1 })
    expect((await lines()).map(({ seq, type, fingerprint }) => [seq, type, fingerprint])).toEqual([
      [1, 'firing', 'f1'],
      [2, 'firing', 'f2'],
      [3, 'resolved', 'f2'],
    ])
  })

  test('writes nothing twice when the same notification comes twice at once', async () => {
    const { inbox, lines } = await anInbox()
    const counts = await Promise.all([inbox.receive([aToldAlert()]), inbox.receive([aToldAlert()])])
    expect(counts).toEqual([
      { accepted: 1, repeated: 0 },
      { accepted: 0, repeated: 1 },
    ])
    expect(await lines()).toHaveLength(1)
  })

  test('takes an alert that one notification tells firing and over', async () => {
    const { inbox, book } = await anInbox()
    expect(await inbox.receive([aToldAlert(), over(), aToldAlert()])).toEqual({ accepted: 2, repeated: 1 })
    expect(book.list({ limit: 9 }).map(({ view }) => [view.id, view.state])).toEqual([['a-1', 'resolved']])
  })

  test('gives a later line no earlier instant, even if the clock goes back', async () => {
    const { inbox, clock, lines } = await anInbox()
    await inbox.receive([aToldAlert()])
    clock.advance(-10)
    await inbox.receive([over()])
    expect((await lines()).map(({ at }) => at)).toEqual([NOON, NOON])
  })

  test('goes on where the log ends', async () => {
    const root = aFolder()
    const first = await anInbox({ root })
    await first.inbox.receive([aToldAlert()])
    const lines = await first.lines()
    await first.writer.close()
    const second = await anInbox({ root })
    for (const line of lines) second.book.apply(line)
    expect(await second.inbox.receive([aToldAlert()])).toEqual({ accepted: 0, repeated: 1 })
    await second.inbox.receive([over()])
    expect(second.book.list({ limit: 9 }).map(({ view }) => [view.id, view.state])).toEqual([['a-1', 'resolved']])
  })

  test.each([
    ['nothing is open for writing', async (inbox: AlertInbox) => inbox.use(undefined), true],
    ['the log of before has not been read', async () => {}, false],
  ])('refuses with 503 while %s', async (_name, prepare, readBack) => {
    const { inbox, lines } = await anInbox({ readBack })
    await prepare(inbox)
    await expect(inbox.receive([aToldAlert()])).rejects.toMatchObject({ status: 503 })
    expect(await lines()).toEqual([])
  })

  test('refuses with 503 the one notification too many that waits, and takes the others', async () => {
    const { inbox } = await anInbox()
    const sixteen = Array.from({ length: 16 }, () => inbox.receive([aToldAlert()]))
    expect(() => inbox.receive([aToldAlert()])).toThrow('earlier notifications')
    expect((await Promise.all(sixteen)).reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1)
    expect(await inbox.receive([aToldAlert()])).toEqual({ accepted: 0, repeated: 1 })
  })
})

describe('a firing alert that is not repeated', () => {
  test.each([
    [100, 0],
    [100.001, 1],
  ])('for %d seconds ends: %d', async (seconds, ended) => {
    const { inbox, time, book } = await anInbox()
    await inbox.receive([aToldAlert()])
    time.ms = seconds * 1000
    expect(await inbox.expire()).toBe(ended)
    const [alert] = book.list({ limit: 1 })
    expect(alert?.view).toMatchObject(
      ended === 0 ? { state: 'firing' } : { state: 'resolved', resolution: 'expired', endsAt: NOON + 500 },
    )
  })

  test('counts from its last repeat', async () => {
    const { inbox, time } = await anInbox()
    await inbox.receive([aToldAlert()])
    time.ms = 90_000
    await inbox.receive([aToldAlert()])
    time.ms = 180_000
    expect(await inbox.expire()).toBe(0)
  })

  test('of an earlier run counts from the start of this one', async () => {
    const { inbox, book, time } = await anInbox()
    book.apply(aFiringLine())
    time.ms = 100_000
    expect(await inbox.expire()).toBe(0)
    time.ms = 100_001
    expect(await inbox.expire()).toBe(1)
  })
})
