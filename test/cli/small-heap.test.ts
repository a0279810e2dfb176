import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const module = new URL('../../dist/cli/small-heap.js', import.meta.url).href
const V8 = process.versions.v8
const isMeasured = V8.startsWith('11.')

/** MiB of the young generation of a process of its own after a lot of garbage of which some survives. */
async function youngMiB(keepsSmall: boolean): Promise<number> {
  const code = `
    import v8 from 'node:v8'
    import { keepHeapSmall } from ${JSON.stringify(module)}
    if (${keepsSmall}) keepHeapSmall()
    let kept = []
    for (let i = 0; i < 2e6; i += 1) {
      kept.push({ i, more: [i] })
      if (kept.length > 20_000) kept = []
    }
    console.log(v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])
  return Number(stdout)
}

if (isMeasured) {
  test('the young generation stays at the size it was given', async () => {
    expect(await youngMiB(true)).toBe(4)
    expect(await youngMiB(false)).toBeGreaterThan(16)
  })
} else {
  test.skip(`skipped: how V8 ${V8} grows its heap was not measured (11.3 was)`, () => {})
}
