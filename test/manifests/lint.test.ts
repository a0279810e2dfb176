import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { checkovPart } from '../support/manifest-parts.ts'
import { type Manifest, plainManifests } from '../support/manifests.ts'

const checkov = checkovPart()

/** Checks that do not hold here, each for a reason. */
const waived = new Map([
  ['CKV_K8S_14', 'dtms:latest is resolved by the ImageStream to a digest, and the trigger writes that digest'],
  ['CKV_K8S_43', 'the same; images of others are pinned by digest, in the manifest or in the ImageStream'],
  ['CKV_K8S_15', 'an image that is named by its digest is the same at each pull'],
  ['CKV_K8S_21', 'the namespace is chosen by whoever applies'],
  ['CKV_K8S_35', 'Grafana reads its first password from the environment'],
  ['CKV_K8S_40', 'OpenShift gives each namespace its own high users; a fixed one is refused'],
])

interface Report {
  results: { failed_checks: { check_id: string; check_name: string; resource: string }[] }
  summary: { passed: number }
}

function lint(objects: readonly Manifest[]): Report {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-lint-'))
  try {
    writeFileSync(join(folder, 'all.yaml'), objects.map((object) => stringify(object)).join('---\n'))
    const args = [
      '-m',
      'checkov.main',
      '-d',
      folder,
      '--framework',
      'kubernetes',
      '-o',
      'json',
      '--quiet',
      '--soft-fail',
    ]
    const { stdout } = spawnSync('python3', args, {
      env: { ...process.env, PYTHONPATH: checkov, BC_SKIP_MAPPING: 'TRUE', CHECKOV_RUN_SCA_PACKAGE_SCAN: 'false' },
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    })
    return JSON.parse(stdout) as Report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.skipIf(checkov === undefined)('lint', () => {
  test('checkov finds nothing beyond the checks that are waived with a reason, and each waiver is needed', () => {
    const { results, summary } = lint(plainManifests())
    expect(summary.passed).toBeGreaterThan(500)
    const failed = results.failed_checks.map(({ check_id, check_name, resource }) => ({
      check_id,
      check_name,
      resource,
    }))
    expect(failed.filter(({ check_id }) => !waived.has(check_id))).toEqual([])
    expect([...waived.keys()].filter((id) => !failed.some(({ check_id }) => check_id === id))).toEqual([])
  })

  test('checkov would notice a privileged container', () => {
    const pod = structuredClone(plainManifests(['deployments'])[0] as Manifest)
    const { containers } = (pod.spec as { template: { spec: { containers: { securityContext: object }[] } } }).template
      .spec
    Object.assign(containers[0]?.securityContext ?? {}, { privileged: true })
    expect(lint([pod]).results.failed_checks.map(({ check_id }) => check_id)).toContain('CKV_K8S_16')
  })
})
