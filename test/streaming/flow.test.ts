import { expect, it } from 'vitest'
import { emptyOutcome, FlowCounts } from '../../streaming/flow.ts'

it('an outcome is empty, and no two share their lists', () => {
  const [one, two] = [emptyOutcome(), emptyOutcome()]
  expect(Object.values(one).every((list) => list.length === 0)).toBe(true)
  one.decisions.push({} as never)
  expect(two.decisions).toEqual([])
})

it('messages that cannot be used are counted by their reason, whatever it is called', () => {
  const counts = new FlowCounts()
  for (const reason of ['not_json', 'constructor', 'not_json', '__proto__']) counts.quarantine(reason)
  expect([...counts.quarantined]).toEqual([
    ['not_json', 2],
    ['constructor', 1],
    ['__proto__', 1],
  ])
})
