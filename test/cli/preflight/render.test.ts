import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import {
  componentsIn,
  manifestFolder,
  profilesIn,
  readManifests,
  readText,
  renderProfile,
} from '../../../cli/preflight/render.ts'
import { aFolder } from '../../support/builders.ts'

/** Prints the folder it was given and what lies in it, as one object. */
const ECHO = `printf '{"apiVersion":"v1","kind":"Echo","metadata":{"name":"x"},"folder":"%s","file":' "$2"; cat "$2/kustomization.yaml" 2>/dev/null || printf 'null'; printf '}'`

function aTool(script: string) {
  const path = join(aFolder(), 'kubectl')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return { path, name: 'kubectl', options: ['--context', 'never used here'] }
}

function someManifests(): string {
  const folder = aFolder()
  for (const path of ['overlays/profile-3', 'overlays/kubernetes', 'components/small', 'components/hpa']) {
    mkdirSync(join(folder, path), { recursive: true })
  }
  return folder
}

test('the manifests of this package are found, with every profile and component that documents name', () => {
  const folder = manifestFolder()
  expect(profilesIn(folder)).toEqual(expect.arrayContaining(['3', '1', '0.5', '3-rwo', 'kubernetes']))
  expect(componentsIn(folder)).toEqual(
    expect.arrayContaining(['small', 'single-pod', 'without-grafana', 'storage-rwx', 'storage-rwo-colocated']),
  )
})

test.each([
  ['3', 'overlays/profile-3'],
  ['kubernetes', 'overlays/kubernetes'],
])('profile %s is the folder %s', async (profile, path) => {
  const folder = someManifests()
  const [object] = await renderProfile(aTool(ECHO), folder, profile)
  expect(object?.body.folder).toBe(join(folder, path))
})

test('components are laid above the profile, by relative paths, and nothing is left behind', async () => {
  const folder = someManifests()
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('dtms-preflight-')).length
  const before = left()
  const [object] = await renderProfile(aTool(ECHO), folder, '3', ['small', 'hpa'])
  const { resources, components } = (object?.body.file ?? {}) as { resources: string[]; components: string[] }
  const absolute = [...resources, ...components].map((path) => join(String(object?.body.folder), path))
  expect(absolute).toEqual(
    ['overlays/profile-3', 'components/small', 'components/hpa'].map((path) => join(folder, path)),
  )
  expect(resources[0]).toMatch(/^\.\./)
  expect(left()).toBe(before)
})

test.each([
  ['7', [], 'no profile "7"', 'kubernetes, 3'],
  ['../x', [], 'no profile "../x"', '3'],
  ['3', ['large'], 'no component "large"', 'hpa, small'],
])('profile %s with %j is a usage error that says what there is', async (profile, components, message, hint) => {
  await expect(renderProfile(aTool(ECHO), someManifests(), profile, components)).rejects.toMatchObject({
    code: 'usage.invalid',
    message,
    hint: expect.stringContaining(hint),
  })
})

test('what kustomize complains about is passed on', async () => {
  const tool = aTool('echo "error: accumulating resources: no such file" >&2; exit 1')
  await expect(renderProfile(tool, someManifests(), '3')).rejects.toMatchObject({
    code: 'usage.invalid',
    message: expect.stringContaining('accumulating resources: no such file'),
  })
})

test('manifests come from a file; an empty one is refused', () => {
  const file = join(aFolder(), 'all.yaml')
  writeFileSync(file, 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n')
  expect(readManifests(file)).toHaveLength(1)
  expect(readText(file)).toBe(readFileSync(file, 'utf8'))
  writeFileSync(file, '# nothing\n')
  expect(() => readManifests(file)).toThrow(`${file} holds no Kubernetes object`)
  expect(() => readText(join(dirname(file), 'none'))).toThrow('cannot be read (ENOENT)')
})
