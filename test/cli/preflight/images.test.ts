import { expect, test } from 'vitest'
import { imageProblems } from '../../../cli/preflight/images.ts'
import type { KubeObject } from '../../../cli/preflight/objects.ts'
import { workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aNamespace } from '../../support/kube-objects.ts'

const user = aDeployment('api', { image: 'dtms:latest' })
const stream = aKube('ImageStream', 'dtms', { spec: {} })
const build = aKube('BuildConfig', 'dtms', {
  spec: { output: { to: { kind: 'ImageStreamTag', name: 'dtms:latest' } } },
})
const tags = (tag: string, items: unknown[]) => ({ status: { tags: [{ tag, items }] } })

const problemsOf = (objects: KubeObject[], there: KubeObject[], kinds = ['ImageStream']) =>
  imageProblems(objects, workloadsOf(objects, []), aNamespace(there, { kinds: new Set(kinds) }))

test('an image that was not built yet is named with the build', () => {
  expect(problemsOf([user, stream, build], [])).toEqual([
    {
      what: 'image stream dtms has no image latest yet; its pods cannot start',
      remedy: 'oc apply -f openshift/build && oc start-build dtms --from-dir . --follow',
      cause: 'setup',
    },
  ])
  expect(problemsOf([user, stream, build], [stream])).toHaveLength(1)
  expect(problemsOf([user, stream, build], [aKube('ImageStream', 'dtms', tags('latest', []))])).toHaveLength(1)
  expect(problemsOf([user, stream, build], [aKube('ImageStream', 'dtms', tags('old', [{}]))])).toHaveLength(1)
})

test.each([
  [
    'a built image',
    [user, stream, build],
    [aKube('ImageStream', 'dtms', tags('latest', [{ image: 'sha256:1' }]))],
    undefined,
  ],
  ['an image of a registry', [aDeployment('p', { image: 'quay.io/prometheus/prometheus:v3' })], [], undefined],
  ['a name that is no stream', [aDeployment('p', { image: 'dtms:latest' })], [], undefined],
  ['streams that were not seen', [user, stream, build], [], []],
])('%s is no problem', (_, objects, there, kinds) => {
  expect(problemsOf(objects, there, kinds)).toEqual([])
})

test('a tag that names its source is imported with the stream; one that was not is told', () => {
  const grafana = aDeployment('g', { image: 'grafana:12' })
  const imported = aKube('ImageStream', 'grafana', {
    spec: { tags: [{ name: '12', from: { kind: 'DockerImage', name: 'x' } }] },
  })
  expect(problemsOf([grafana, imported], [])).toEqual([])
  expect(problemsOf([grafana, imported], [imported])).toMatchObject([
    { remedy: expect.stringContaining('oc import-image grafana:12') },
  ])
})
