import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aFolder } from '../support/builders.ts'
import { runHere } from '../support/cli.ts'

const fixture = (name: string) => new URL(`../fixtures/preflight/${name}`, import.meta.url).pathname

/** A kubectl that renders two Deployments for profile 3 and one for every other, and knows no cluster. */
function aKubectl(): string {
  const path = join(aFolder(), 'kubectl')
  const script = `#!/bin/sh
case "$2" in
  */profile-3) cat '${fixture('manifests.yaml')}' ;;
  */overlays/*) sed '/^---$/q' '${fixture('manifests.yaml')}' ;;
  *) echo 'error: You must be logged in to the server (Unauthorized)' >&2; exit 1 ;;
esac
`
  writeFileSync(path, script)
  chmodSync(path, 0o755)
  return path
}

const preflight = (...args: string[]) => runHere(['preflight', ...args])

test('what fits ends with 0, what does not with 1 and the profile that would', async () => {
  const roomy = await preflight('--kubectl', aKubectl(), '--namespace-file', fixture('roomy.yaml'))
  expect([roomy.code, roomy.out[0]]).toEqual([
    0,
    expect.stringContaining('DTMS, profile 3, in namespace alice-dev: it fits'),
  ])
  const tight = await preflight('--kubectl', aKubectl(), '--namespace-file', fixture('tight.yaml'), '--json')
  expect(tight.code).toBe(1)
  expect(tight.out).toHaveLength(1)
  expect(JSON.parse(tight.out[0] ?? '')).toMatchObject({
    fits: false,
    profile: '3',
    problems: [
      {
        what: expect.stringContaining('requests.cpu'),
        remedy: expect.stringMatching(/^profile 3-rwo fits: 0\.3 of 0\.5 vCPU/),
      },
    ],
  })
})

test('manifests that somebody else rendered are taken as they are, and need no kubectl', async () => {
  const args = ['--manifests', fixture('manifests.yaml'), '--namespace-file', fixture('tight.yaml'), '--json']
  const { code, out } = await preflight(...args)
  const { profile, problems } = JSON.parse(out[0] ?? '')
  expect([code, profile, problems.length]).toEqual([1, `from ${fixture('manifests.yaml')}`, 1])
  expect(problems[0].remedy).toMatch(/^ask for 0\.1 vCPU more/)
})

test('several files of a namespace count together', async () => {
  const folder = aFolder()
  writeFileSync(
    join(folder, 'limits.yaml'),
    'apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [{type: Container, max: {cpu: 300m}}]}',
  )
  const args = [
    '--manifests',
    fixture('manifests.yaml'),
    '--namespace-file',
    fixture('tight.yaml'),
    '--namespace-file',
    folder,
  ]
  const { out } = await preflight(...args, '--json')
  expect(JSON.parse(out[0] ?? '').problems).toMatchObject([
    { what: expect.stringContaining('requests.cpu') },
    { what: expect.stringContaining('LimitRange l') },
  ])
})

test.each([
  ['no kubectl to render with', ['--namespace-file', fixture('tight.yaml')], 'neither oc nor kubectl'],
  ['no kubectl to look with', ['--manifests', fixture('manifests.yaml')], 'neither oc nor kubectl'],
  ['not logged in', ['--kubectl', 'KUBECTL'], 'you are not logged in'],
  ['an unknown profile', ['--kubectl', 'KUBECTL', '--profile', '2'], 'no profile "2"'],
  ['an unknown component', ['--kubectl', 'KUBECTL', '--component', 'big'], 'no component "big"'],
  ['broken YAML', ['--kubectl', 'KUBECTL', '--namespace-file', fixture('broken.txt')], 'broken.txt:4 '],
  [
    'a wrong quantity',
    ['--kubectl', 'KUBECTL', '--namespace-file', fixture('wrong-quantity.yaml')],
    'wrong-quantity.yaml:1 ResourceQuota compute: spec.hard.requests.cpu',
  ],
])('%s ends with 2 and says so', async (_, args, message) => {
  const kubectl = aKubectl()
  const { code, out, err } = await preflight(...args.map((arg) => (arg === 'KUBECTL' ? kubectl : arg)))
  expect([code, out, err.join('\n')]).toEqual([2, [], expect.stringContaining(message)])
})

test('manifests may come through standard input of the compiled command', () => {
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname
  const args = [main, 'preflight', '--manifests', '-', '--namespace-file', fixture('roomy.yaml'), '--json']
  const env = { PATH: '' }
  const input = readFileSync(fixture('manifests.yaml'))
  const { status, stdout } = spawnSync(process.execPath, args, { input, env, encoding: 'utf8' })
  expect([status, JSON.parse(stdout)]).toMatchObject([0, { fits: true, profile: 'from standard input' }])
})
