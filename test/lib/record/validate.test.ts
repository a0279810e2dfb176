import { describe, expect, test } from 'vitest'
import type { TransferRecord } from '../../../lib/record/record.ts'
import { recordProblem, scannedProblem, treeProblem } from '../../../lib/record/validate.ts'
import { aTransfer } from '../../support/builders.ts'
import { aFailedTransfer, anError } from '../../support/records.ts'

function aRecord(changes: object = {}): TransferRecord {
  return { ...aTransfer(), v: 1, seq: 1, id: 'SITE_A-1', ...changes }
}

describe('the rules of a record', () => {
  test.each([
    [{ v: 0 }, 'v must be 1'],
    [{ v: '1' }, 'v must be 1'],
    [{ seq: 0 }, 'seq must be a whole number from 1'],
    [{ seq: 2 ** 53 }, 'seq must be a whole number from 1'],
    [{ id: undefined }, 'id is missing'],
    [{ origin: [] }, 'origin must be an object'],
    [{ transport: null }, 'transport must be an object'],
    [{ error: null, status: 'failed' }, 'error must be an object'],
    [{ sizeBytes: '5' }, 'sizeBytes must be a whole number from 0 to 2^53 - 1'],
  ])('%j: %s', (changes, problem) => {
    expect(recordProblem(aRecord(changes))).toBe(problem)
  })

  test('a record with unknown fields is good', () => {
    expect(recordProblem(aRecord({ colour: 'blue' }))).toBeUndefined()
  })

  test.each([
    {},
    { seq: 0 },
    { endedAt: 1e10 },
    { attempt: 0 },
    { id: 'x'.repeat(129) },
    { status: 'failed' },
    { ...aFailedTransfer() },
    { error: anError() },
    { ...aFailedTransfer({ error: anError({ scope: 'source', class: 'timeout' }) }) },
    { origin: { kind: 'csv', line: 0 } },
    { origin: { kind: 'csv', id: '' } },
    { traceparent: 'x' },
    { transport: { retransmits: 0, outOfOrder: 0, duplicates: 0, rttSeconds: 1e9 } },
  ])('the short rules for scanned records agree with the whole rules: %j', (changes) => {
    const record = aRecord(changes)
    expect(scannedProblem(record) === undefined).toBe(recordProblem(record) === undefined)
  })
})

describe('a tree from JSON', () => {
  test.each([
    ['1', 0, undefined],
    ['{}', 1, undefined],
    ['{}', 0, 'is nested too deeply'],
    ['{"a":[{"b":1}]}', 3, undefined],
    ['{"a":[{"b":{}}]}', 3, 'is nested too deeply'],
    ['{"a":{"__proto__":1}}', 4, 'has the forbidden key __proto__'],
    ['[{"prototype":1}]', 4, 'has the forbidden key prototype'],
    ['{"constructor":null}', 4, 'has the forbidden key constructor'],
  ])('%s at depth %d: %s', (json, depth, problem) => {
    expect(treeProblem(JSON.parse(json), depth)).toBe(problem)
  })
})
