import { describe, expect, test } from 'vitest'
import { KnownOpenings } from '../../../lib/record/known-openings.ts'
import { LineBytes, type Piece } from '../../../lib/record/line-bytes.ts'
import { serialiseTransfer } from '../../../lib/record/serialise.ts'
import { transferProblem } from '../../../lib/record/validate.ts'
import { aTransfer } from '../../support/builders.ts'

function text(piece: Piece | undefined): string {
  const target = Buffer.alloc(512)
  const line = new LineBytes()
  line.open(target, 0)
  if (piece !== undefined) line.piece(piece)
  return target.toString('utf8', 0, line.at)
}

describe('combinations of names that come again', () => {
  test('are found again with their bytes, and only when every name is the same', () => {
    const openings = new KnownOpenings()
    const transfer = aTransfer({ activity: 'sämtlich "roh"' })
    expect(openings.find(transfer)).toBeUndefined()
    openings.learn(transfer)
    expect(text(openings.find(transfer)?.ownId)).toBe(`,"id":"${transfer.site}`)
    const { site, source, destination, protocol, activity } = transfer
    const fields = JSON.stringify({ site, source, destination, protocol, activity })
    expect(text(openings.find(transfer)?.fields)).toBe(`,${fields.slice(1, -1)}`)
    for (const name of ['site', 'source', 'destination', 'protocol', 'activity']) {
      expect(openings.find({ ...transfer, [name]: 'OTHER' })).toBeUndefined()
    }
  })

  test('are bounded: when there are many, a new one seldom takes a place', () => {
    const openings = new KnownOpenings()
    const all = Array.from({ length: 300 }, (_, i) => aTransfer({ activity: `activity-${i}` }))
    for (const transfer of all) openings.learn(transfer)
    const found = all.filter((transfer) => openings.find(transfer) !== undefined)
    expect(found).toHaveLength(16)
    expect(found.slice(0, 15)).toEqual(all.slice(0, 15))
  })

  test('give the same line whether they were met before or not', () => {
    for (let i = 0; i < 200; i += 1) {
      const transfer = aTransfer({ activity: `kind-${i}` })
      expect(transferProblem(transfer)).toBeUndefined()
      const first = serialiseTransfer(transfer, 5)
      expect(serialiseTransfer(transfer, 5)).toBe(first)
      expect(JSON.parse(first)).toMatchObject({ ...transfer, id: `${transfer.site}-5`, seq: 5 })
    }
  })

  test('do not spare the other fields their rules', () => {
    const transfer = aTransfer()
    serialiseTransfer(transfer, 1)
    expect(() => serialiseTransfer({ ...transfer, streams: -1 }, 2)).toThrow('streams')
    expect(() => serialiseTransfer({ ...transfer, id: '' }, 2)).toThrow('id must')
  })
})
