import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export interface RecordingRule {
  record: string
  expr: string
  labels?: Record<string, string>
}

export interface AlertRule {
  alert: string
  expr: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface RuleFile {
  path: string
  recordings: RecordingRule[]
  alerts: AlertRule[]
}

/** The rules that Prometheus is given, file by file. */
export function ruleFiles(): RuleFile[] {
  const folder = new URL('../../openshift/prometheus/rules/', import.meta.url)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => {
      const url = new URL(name, folder)
      const { groups } = parse(readFileSync(url, 'utf8')) as { groups: { rules: (RecordingRule | AlertRule)[] }[] }
      const rules = groups.flatMap((group) => group.rules)
      return {
        path: fileURLToPath(url),
        recordings: rules.filter((rule): rule is RecordingRule => 'record' in rule),
        alerts: rules.filter((rule): rule is AlertRule => 'alert' in rule),
      }
    })
}
