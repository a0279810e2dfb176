import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { noKubectl } from '../support/kubectl-parts.ts'
import { ruleProblems } from '../support/manifest-rules.ts'
import { kustomize, type Manifest, projectRoot, type Workload, workloads } from '../support/manifests.ts'
import { servingSecret, startedConfig } from '../support/tls-component.ts'

function withTls(base: string): Manifest[] {
  const work = mkdtempSync(join(projectRoot, 'openshift/overlays/try-'))
  const head = ['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization']
  const lines = [...head, 'resources:', `  - ../${base}`, 'components:', '  - ../../components/tls']
  try {
    writeFileSync(join(work, 'kustomization.yaml'), lines.join('\n'))
    return kustomize(work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

interface Scrape {
  scrape_configs: { job_name: string; scheme?: string; static_configs: { targets: string[] }[] }[]
}

const isOurs = ({ object }: Workload): boolean =>
  object.kind === 'Deployment' && object.metadata.labels?.['app.openshift.io/runtime'] === 'nodejs'
const config = (objects: readonly Manifest[], name: string): Record<string, string> =>
  (objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data ?? {}) as Record<
    string,
    string
  >

describe.skipIf(noKubectl() !== undefined).each([
  ['profile-3', 8],
  ['profile-3-rwo', 8],
  ['profile-1', 6],
  ['profile-0.5', 1],
])('TLS over %s', (base, count) => {
  const objects = withTls(base)
  const ours = workloads(objects).filter(isOurs)
  const certified = new Map(objects.map((object) => [servingSecret(object), object]))

  test('keeps the rules of the namespace', () => {
    expect(ruleProblems(objects)).toEqual([])
  })

  test('every service has the certificate of the Service in front of it, serves with it, and is probed over HTTPS', () => {
    expect(ours).toHaveLength(count)
    for (const { name, pod, labels } of ours) {
      const [container] = pod.containers
      const secret = pod.volumes?.find((volume) => volume.name === 'tls')?.secret?.secretName
      const service = certified.get(secret ?? 'none')
      const selector = (service?.spec as { selector?: Record<string, string> } | undefined)?.selector ?? { '': 'no' }
      expect(labels, name).toMatchObject(selector)
      const settings = new Map(container?.env?.map((entry) => [entry.name, entry.value]))
      const mount = container?.volumeMounts?.find((candidate) => candidate.name === 'tls')
      expect(settings.get('DTMS_TLS_CERT_FILE'), name).toBe(`${mount?.mountPath}/tls.crt`)
      expect(settings.get('DTMS_TLS_KEY_FILE'), name).toBe(`${mount?.mountPath}/tls.key`)
      for (const probe of [container?.startupProbe, container?.readinessProbe, container?.livenessProbe]) {
        expect(probe?.httpGet?.scheme, name).toBe('HTTPS')
      }
    }
  })

  test('Prometheus asks each of them by the name in its certificate, and all others as before', () => {
    const before = parse(config(objects, 'prometheus-config')['prometheus.yml'] ?? '') as Scrape
    const text = startedConfig('prometheus', config(objects, 'prometheus-config'), 'my-space')['prometheus.yml'] ?? ''
    expect(text.match(/https:|NAMESPACE/)).toBeNull()
    const { scrape_configs: jobs } = parse(text) as Scrape
    const services = new Set([...certified.values()].map(({ metadata }) => metadata.name))
    for (const [index, { job_name: name, scheme, ...job }] of jobs.entries()) {
      const hosts = job.static_configs.flatMap(({ targets }) => targets.map((target) => target.replace(/:.*/, '')))
      if (scheme === undefined) {
        expect(
          hosts.filter((host) => services.has(host)),
          name,
        ).toEqual([])
        expect(job).toEqual({ ...before.scrape_configs[index], job_name: undefined })
        continue
      }
      expect(
        hosts.filter((host) => !services.has(host)),
        name,
      ).toEqual([])
      expect(job).toMatchObject({
        tls_config: { ca_file: '/etc/prometheus/service-ca/service-ca.crt' },
        relabel_configs: [{}, { target_label: '__address__', replacement: '$1.my-space.svc:$2' }],
      })
    }
    expect(jobs.filter(({ scheme }) => scheme === 'https').length).toBeGreaterThan(0)
  })

  test('the script runs in the image of Prometheus itself, wherever it is needed', () => {
    const all = workloads(objects)
    const own = all.find(({ name }) => name === 'prometheus')?.pod.containers[0]?.image
    const scripts = all.flatMap(({ pod }) => pod.initContainers ?? []).filter(({ name }) => name === 'tls-config')
    expect(scripts.length).toBeGreaterThan(0)
    expect(new Set(scripts.map(({ image }) => image))).toEqual(new Set([own]))
  })

  test('the page is encrypted up to the pod', () => {
    const route = objects.find(({ kind, metadata }) => kind === 'Route' && metadata.name === 'dtms')
    expect(route?.spec).toMatchObject({ to: { name: 'dtms-api' }, tls: { termination: 'reencrypt' } })
  })
})

describe.skipIf(noKubectl() !== undefined)('TLS over profile-3', () => {
  const objects = withTls('profile-3')

  test('freshness probes the API by the name in its certificate, which the pod makes from its namespace', () => {
    const [container] = workloads(objects).find(({ name }) => name === 'dtms-freshness')?.pod.containers ?? []
    const names = container?.env?.map(({ name }) => name) ?? []
    expect(names.indexOf('NAMESPACE')).toBeLessThan(names.indexOf('API_BASE_URL'))
    const url = container?.env?.find(({ name }) => name === 'API_BASE_URL')?.value
    expect(url).toBe('https://dtms-api.$(NAMESPACE).svc:8003')
  })

  test('every variant of the configuration of Alertmanager calls the API over TLS and nothing else', () => {
    const source = config(objects, 'alertmanager-config')
    const started = startedConfig('alertmanager', source, 'my-space')
    expect(Object.keys(started)).toEqual(Object.keys(source).sort())
    for (const [file, text] of Object.entries(started).filter(([name]) => name.endsWith('.yml'))) {
      const changed = text.split('\n').filter((line) => !source[file]?.split('\n').includes(line))
      expect(
        changed.map((line) => line.trim()),
        file,
      ).toEqual([
        '- url: https://dtms-api.my-space.svc:8003/v1/alerts',
        'tls_config: { ca_file: /etc/alertmanager/service-ca/service-ca.crt }',
      ])
    }
    expect(started['dtms.tmpl']).toBe(source['dtms.tmpl'])
  })
})
