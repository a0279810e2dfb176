import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder as an operator makes one of his own: an overlay, and components above it. Gone when the test has ended. */
export function aKustomization(overlay: string, components: readonly string[]): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'dtms-overlay-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const from = (path: string): string => relative(folder, resolve('openshift', path))
  const lines = [
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    'resources:',
    `  - ${from(`overlays/${overlay}`)}`,
    ...(components.length > 0 ? ['components:'] : []),
    ...components.map((name) => `  - ${from(`components/${name}`)}`),
  ]
  writeFileSync(join(folder, 'kustomization.yaml'), `${lines.join('\n')}\n`)
  return folder
}
