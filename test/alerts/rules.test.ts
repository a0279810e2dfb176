import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { prometheusParts } from '../support/prometheus-parts.ts'

const folder = resolve('openshift/prometheus')
const filesOf = (path: string) => (existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.yml')) : [])
const rules = filesOf(join(folder, 'rules'))
/** Rules for another period, which stand in for those of the same name. */
const others = filesOf(join(folder, 'rules-30d'))
const tests = filesOf(join(folder, 'tests'))
const configs = filesOf(folder).filter((name) => readFileSync(join(folder, name), 'utf8').includes('scrape_configs:'))

describe.each(prometheusParts())('promtool $version', ({ version, promtool }) => {
  const run = (...args: string[]): void => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8', cwd: folder })
    if (status !== 0) throw new Error(`${stdout}${stderr}`)
  }

  test.each(rules)('finds nothing wrong in rules/%s', (name) => {
    run('check', 'rules', '--lint=all', '--lint-fatal', join('rules', name))
  })

  test.each(others)('finds nothing wrong in rules-30d/%s', (name) => {
    run('check', 'rules', '--lint=all', '--lint-fatal', join('rules-30d', name))
  })

  test.each(tests)('passes tests/%s', (name) => run('test', 'rules', join('tests', name)))

  // Neither of these promtools has the discovery of Kubernetes in it.
  const readable = configs.filter((name) => !readFileSync(join(folder, name), 'utf8').includes('kubernetes_sd_configs'))
  test.each(readable)('can read %s with its rules', (name) => {
    const work = aFolder()
    mkdirSync(join(work, 'rules'))
    for (const file of rules) copyFileSync(join(folder, 'rules', file), join(work, 'rules', file))
    const text = readFileSync(join(folder, name), 'utf8').replaceAll('/etc/prometheus/rules/', 'rules/')
    writeFileSync(join(work, name), text)
    run('check', 'config', join(work, name))
  })

  test('is one of the two releases that the rules must pass on', () => expect(version).toMatch(/^(2|3)\./))
})

test('there are rules, tests of them and configurations to be checked', () => {
  expect([rules.length, tests.length, configs.length].map((count) => count > 0)).toEqual([true, true, true])
})
