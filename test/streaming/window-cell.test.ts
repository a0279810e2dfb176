import { describe, expect, it } from 'vitest'
import { WindowCell } from '../../streaming/window-cell.ts'
import { anEvent } from '../support/stream-events.ts'

const place = { partition: 2, site: anEvent().site, from: 60, to: 120 }

function aCell(): WindowCell {
  const { source, destination } = anEvent()
  return new WindowCell(60, source, destination)
}

describe('a cell', () => {
  it('counts bytes, failures by class, durations and waits of all transfers, and rates of those that succeeded', () => {
    const cell = aCell()
    cell.add(anEvent({ bytes: 100, durationSeconds: 2, queueSeconds: 5, firstByteSeconds: 0.25 }))
    cell.add(anEvent({ bytes: 900, durationSeconds: 0, firstByteSeconds: 0 }))
    const failure = { status: 'failed', errorScope: 'destination', errorClass: 'no_space' } as const
    cell.add(anEvent({ ...failure, bytes: 7, durationSeconds: 4, firstByteSeconds: 0 }))
    const part = cell.toPart(place, 'link')
    expect(part).toMatchObject({
      at: 120,
      id: 'w-p2-SITE_A-60-SITE_A>SITE_B',
      ...{ scope: 'link', source: 'SITE_A', destination: 'SITE_B', from: 60, to: 120 },
      ...{ count: 3, failed: 1, failures: { 'destination/no_space': 1 }, bytes: 1007, firstByteSeconds: 0.25 },
      duration: { count: 3, sum: 6, min: 0, max: 4 },
      rate: { count: 1, sum: 50, min: 50, max: 50 },
      queueWait: { count: 3, sum: 7 },
    })
  })

  it('has no destination as the sum of a site', () => {
    const sum = aCell().merge(aCell())
    sum.add(anEvent())
    const part = sum.toPart(place, 'site')
    expect(part.id).toBe('w-p2-SITE_A-60-SITE_A')
    expect('destination' in part).toBe(false)
  })

  it('goes on after a restore as if nothing had happened', () => {
    const [whole, first] = [aCell(), aCell()]
    const events = [
      anEvent({ bytes: 1 }),
      anEvent({ status: 'aborted', errorScope: 'scheduler', errorClass: 'cancelled' }),
    ]
    for (const event of events) {
      whole.add(event)
      first.add(event)
    }
    const second = WindowCell.restore(JSON.parse(JSON.stringify(first.save())))
    for (const cell of [whole, second]) cell.add(anEvent({ bytes: 3, durationSeconds: 9 }))
    expect(second.toPart(place, 'link')).toEqual(whole.toPart(place, 'link'))
  })
})
