import { expect, test } from 'vitest'
import { choiceText, otherChoices } from '../../../cli/preflight/choices.ts'

const profiles = ['0.5', '1', '3', '3-rwo', 'kubernetes']

test.each([
  ['3', ['profile 3-rwo', 'profile 1', 'profile 0.5']],
  ['0.5', ['profile 3', 'profile 3-rwo', 'profile 1']],
  [undefined, ['profile 3', 'profile 3-rwo', 'profile 1', 'profile 0.5']],
])('instead of %s the other numbered profiles are tried, the largest first', (chosen, names) => {
  expect(otherChoices(chosen, profiles).map(choiceText)).toEqual(names)
})

test('an overlay of another platform is tried with less of itself', () => {
  expect(otherChoices('kubernetes', profiles).map(choiceText)).toEqual([
    'profile kubernetes with storage-rwo-colocated',
    'profile kubernetes with storage-rwo-colocated and small',
    'profile kubernetes with single-pod',
    'profile kubernetes with single-pod and without-grafana',
  ])
})
