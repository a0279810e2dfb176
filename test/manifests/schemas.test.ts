import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { noKubectl } from '../support/kubectl-parts.ts'
import { schemaParts } from '../support/manifest-parts.ts'
import { kustomizations, kustomize, type Manifest, plainManifests, projectRoot } from '../support/manifests.ts'

const parts = schemaParts()

interface Schema {
  [key: string]: unknown
}

/** A field that the definition does not name is a mistake, as the strict server says. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, strict(inner)])
  const schema: Schema = Object.fromEntries(entries)
  const open = 'additionalProperties' in schema || 'x-kubernetes-preserve-unknown-fields' in schema
  return typeof schema.properties === 'object' && !Array.isArray(schema.properties) && schema.type === 'object' && !open
    ? { ...schema, additionalProperties: false }
    : schema
}

function createValidators(folder: string, openshiftFile: string): (object: Manifest) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false })
  const read = (path: string): Schema => JSON.parse(readFileSync(path, 'utf8')) as Schema
  const { $id: _, ...definitions } = read(join(folder, '_definitions.json'))
  ajv.addSchema(definitions, '_definitions.json')
  ajv.addSchema({ definitions: strict(read(openshiftFile).definitions) }, 'openshift.json')
  const known = new Map<string, ValidateFunction | undefined>()
  const validator = ({ apiVersion, kind }: Manifest): ValidateFunction | undefined => {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    const openshift = /^(\w+)\.openshift\.io$/.exec(group)?.[1]
    if (openshift !== undefined) {
      return ajv.getSchema(`openshift.json#/definitions/com.github.openshift.api.${openshift}.${version}.${kind}`)
    }
    const path = join(
      folder,
      `${[kind, group.split('.')[0], version].filter((part) => part !== '').join('-')}.json`.toLowerCase(),
    )
    if (!existsSync(path)) return undefined
    const { $id: _id, ...schema } = read(path)
    return ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('/api/_definitions.json', '_definitions.json')) as Schema,
    )
  }
  return (object) => {
    const key = `${object.apiVersion} ${object.kind}`
    if (!known.has(key)) known.set(key, validator(object))
    const validate = known.get(key)
    const who = `${object.kind} ${object.metadata.name}`
    if (validate === undefined) return [`${who}: there is no schema of ${key}`]
    if (validate(object)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${who}: ${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }
}

describe.skipIf(parts === undefined || noKubectl() !== undefined)('schemas', () => {
  const problemsOf = parts === undefined ? () => [] : createValidators(parts.kubernetes, parts.openshift)
  const check = (objects: readonly Manifest[]): string[] => objects.flatMap((object) => problemsOf(object))

  test('every object of the plain folders is valid, and no field is unknown', () => {
    expect(check(plainManifests())).toEqual([])
  })

  test.each(kustomizations('overlays'))('every object of the overlay %s is valid', (name) => {
    expect(check(kustomize(join(projectRoot, 'openshift/overlays', name)))).toEqual([])
  })

  const typos: readonly [string, (object: Manifest) => void][] = [
    ['Deployment', ({ spec }) => Object.assign(spec as object, { replica: 1 })],
    ['Route', ({ spec }) => Object.assign(spec as object, { tsl: {} })],
    ['BuildConfig', ({ spec }) => Object.assign(spec as object, { runpolicy: 'Serial' })],
    ['ImageStream', ({ spec }) => Object.assign((spec as { lookupPolicy: object }).lookupPolicy, { lokal: true })],
    ['NetworkPolicy', ({ spec }) => Object.assign(spec as object, { podSelector: 'all' })],
  ]
  test.each(typos)('a mistake in a %s is found', (kind, spoil) => {
    const object = structuredClone(plainManifests().find((other) => other.kind === kind) as Manifest)
    spoil(object)
    expect(check([object])).toHaveLength(1)
  })
})
