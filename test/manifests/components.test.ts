import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { noKubectl } from '../support/kubectl-parts.ts'
import { kustomize, type Manifest, projectRoot, type Workload, workloads } from '../support/manifests.ts'

interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values: string[] }[]
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => values.includes(labels[key] ?? '') === (operator === 'In'))
  )
}

function named(objects: readonly Manifest[], kind: string, name: string): Manifest | undefined {
  return objects.find((object) => object.kind === kind && object.metadata.name === name)
}

function workload(objects: readonly Manifest[], name: string): Workload {
  const found = workloads(objects).find((one) => one.name === name)
  if (found === undefined) throw new Error(`no workload ${name}`)
  return found
}

describe.skipIf(noKubectl() !== undefined)('components of more rights or room', () => {
  let work = ''
  beforeAll(() => {
    // Below overlays/: kustomize wants a base that is reached by a relative path.
    work = mkdtempSync(join(projectRoot, 'openshift/overlays/try-'))
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  const onProfile3 = (...components: string[]): Manifest[] => {
    const to = (path: string): string => relative(work, join(projectRoot, 'openshift', path))
    const lines = ['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization']
    lines.push('resources:', `  - ${to('overlays/profile-3')}`, 'components:')
    lines.push(...components.map((name) => `  - ${to(`components/${name}`)}`))
    writeFileSync(join(work, 'kustomization.yaml'), lines.join('\n'))
    return kustomize(work)
  }

  test('monitors scrape every service that serves metrics under the job names of the own Prometheus', () => {
    const objects = onProfile3('monitors')
    const config = named(objects, 'ConfigMap', 'prometheus-config')?.data as Record<string, string>
    const own = parse(config['prometheus.yml'] ?? '') as {
      scrape_configs: { job_name: string; static_configs: { labels: { service: string } }[] }[]
    }
    const expected = own.scrape_configs
      .filter(({ job_name }) => job_name.startsWith('dtms'))
      .flatMap(({ job_name, static_configs }) => static_configs.map(({ labels }) => [labels.service, job_name]))
    const spec = named(objects, 'ServiceMonitor', 'dtms')?.spec as {
      selector: Selector
      endpoints: { relabelings: { regex: string; replacement: string }[] }[]
    }
    const jobOf = (service: string): string | undefined => {
      for (const { regex, replacement } of spec.endpoints[0]?.relabelings ?? []) {
        const match = new RegExp(`^(?:${regex})$`).exec(service)
        if (match !== null) return replacement.replace('$1', match[1] ?? '')
      }
      return undefined
    }
    const scraped = objects
      .filter(({ kind, metadata }) => kind === 'Service' && selects(spec.selector, metadata.labels ?? {}))
      .map(({ metadata }) => [metadata.name, jobOf(metadata.name)])
    expect(scraped.sort()).toEqual(expected.sort())
  })

  test('central monitoring leaves nothing of the own, and Grafana asks the querier for its own namespace only', () => {
    const objects = onProfile3('central-monitoring')
    const gone = ['prometheus', 'alertmanager', 'prometheus-config', 'prometheus-rules', 'alertmanager-config']
    const kinds = ['Deployment', 'Service', 'Route', 'ConfigMap', 'PersistentVolumeClaim']
    const left = objects.filter(({ kind, metadata }) => kinds.includes(kind) && gone.includes(metadata.name))
    expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([])
    expect(named(objects, 'PersistentVolumeClaim', 'dtms-prometheus')).toBeUndefined()

    const read = (text: string | undefined) =>
      (parse(text ?? '') as { datasources: Record<string, unknown>[] }).datasources
    const data = named(objects, 'ConfigMap', 'grafana-config')?.data as Record<string, string>
    const [central] = read(data['datasources.yaml'])
    const source = readFileSync(join(projectRoot, 'grafana/provisioning/datasources/dtms.yaml'), 'utf8')
    const [own] = read(source)
    expect([central?.uid, central?.name]).toEqual([own?.uid, own?.name])
    const asked = [...JSON.stringify(central).matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name)
    const known = workload(objects, 'grafana').pod.containers.flatMap(({ env = [] }) => env.map(({ name }) => name))
    expect(asked.sort()).toEqual(['QUERIER_CA', 'QUERIER_NAMESPACE', 'QUERIER_TOKEN'])
    expect(known).toEqual(expect.arrayContaining(asked))
  })

  test('the route of Alertmanager leads to the proxy, and Prometheus still reaches Alertmanager itself', () => {
    const objects = onProfile3('alertmanager-route')
    const route = named(objects, 'Route', 'alertmanager')?.spec as { port: { targetPort: string } }
    const service = named(objects, 'Service', 'alertmanager')?.spec as { ports: { name: string; port: number }[] }
    expect(route.port.targetPort).toBe('proxy')
    expect(service.ports.map(({ name, port }) => [name, port]).sort()).toEqual([
      ['http', 9093],
      ['proxy', 8443],
    ])
    const proxy = workload(objects, 'alertmanager').pod.containers.find(({ name }) => name === 'proxy')
    expect(proxy?.args).toEqual(expect.arrayContaining(['--upstream=http://localhost:9093', '--http-address=']))
    const fromRouter = named(objects, 'NetworkPolicy', 'alertmanager-proxy')?.spec as { ingress: { ports: unknown }[] }
    expect(fromRouter.ingress.map((rule) => rule.ports)).toEqual([[{ port: 'proxy' }]])
  })

  test('the Spark job has its deadline in the pod, and runs the file of the release with its settings', () => {
    const objects = onProfile3('spark')
    const { pod } = workload(objects, 'dtms-spark')
    expect(pod.activeDeadlineSeconds).toBeLessThan(1800)
    const [spark] = pod.containers
    expect(spark?.args?.at(-1)).toBe('/opt/dtms/spark/job.py')
    expect(existsSync(join(projectRoot, 'streaming/spark/job.py'))).toBe(true)
    const settings = readFileSync(join(projectRoot, 'streaming/spark/settings.py'), 'utf8')
    for (const { name } of spark?.env?.filter((one) => one.name.startsWith('DTMS_')) ?? []) {
      expect(settings, name).toContain(name)
    }
    const version = /pyspark==([\d.]+)/.exec(
      readFileSync(join(projectRoot, 'streaming/spark/requirements.txt'), 'utf8'),
    )?.[1]
    expect(spark?.image).toContain(`spark:${version}@sha256:`)
    expect(spark?.args?.join(' ')).toContain(`spark-sql-kafka-0-10_2.13:${version} `)
  })

  test.each([
    ['spark', 'dtms-spark'],
    ['spark-operator', 'dtms-spark-cluster'],
  ])('the pods of %s reach Kafka, and no disruption budget counts them', (component, name) => {
    const objects = onProfile3(component)
    const clients = named(objects, 'NetworkPolicy', 'dtms-kafka-clients')?.spec as {
      ingress: { from: { podSelector: Selector }[] }[]
    }
    const labels = {
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/part-of': 'dtms',
      'app.kubernetes.io/component': 'processing',
    }
    expect(clients.ingress[0]?.from.some(({ podSelector }) => selects(podSelector, labels))).toBe(true)
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget')
    expect(budgets.filter(({ spec }) => selects((spec as { selector: Selector }).selector, labels))).toEqual([])
  })

  test('driver and executors of the Spark application keep the rules of restricted pods', () => {
    const objects = onProfile3('spark-operator')
    const spec = named(objects, 'SparkApplication', 'dtms-spark-cluster')?.spec as Record<'driver' | 'executor', object>
    const restricted = {
      podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    }
    expect(spec.driver).toMatchObject(restricted)
    expect(spec.executor).toMatchObject(restricted)
    for (const part of [spec.driver, spec.executor]) {
      expect(Object.keys(part)).toEqual(
        expect.arrayContaining(['coreRequest', 'coreLimit', 'memory', 'memoryOverhead']),
      )
    }
  })
})
