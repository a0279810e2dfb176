import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const path = (name: string) => fileURLToPath(new URL(`../../openshift/${name}`, import.meta.url))

/** The configurations and templates as they are delivered, by file name. */
export function deliveredAlertmanager(): Map<string, string> {
  const { data } = parse(readFileSync(path('config/alertmanager-config.yaml'), 'utf8')) as {
    data: Record<string, string>
  }
  return new Map(Object.entries(data))
}

/** A delivered configuration with places of this machine instead of those of the cluster; each must be in it. */
export function onThisMachine(config: string, places: Record<string, string>): string {
  let text = config
  for (const [there, here] of Object.entries(places)) {
    if (!text.includes(there)) throw new Error(`the configuration does not name ${there}`)
    text = text.replaceAll(there, here)
  }
  return text
}
