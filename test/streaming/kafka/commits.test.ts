import { expect, it } from 'vitest'
import { Commits } from '../../../streaming/kafka/commits.ts'

it('of a burst the newest place of each partition is sent; a refused one is forgotten', async () => {
  const sent: [partition: number, offset: number][] = []
  const commits = new Commits(async ({ partition }, offset) => {
    sent.push([partition, offset])
    if (partition === 1) throw new Error('not a member')
  })
  for (const offset of [1, 2, 3]) commits.add({ topic: 't', partition: 0 }, offset)
  commits.add({ topic: 't', partition: 1 }, 9)
  await commits.settled()
  commits.add({ topic: 't', partition: 0 }, 4)
  await commits.settled()
  expect(sent).toEqual([
    [0, 3],
    [1, 9],
    [0, 4],
  ])
})
