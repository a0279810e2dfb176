import { referencePages } from '../../cli/reference-pages.ts'

export interface MetricShape {
  type: string
  labels: ReadonlySet<string>
}

/**
 * Every series name that the registries of the services can show, with its labels: a histogram by its three names.
 * Read from the text that docs/metrics.md is compared with, which is made from those registries.
 */
export async function metricCatalogue(): Promise<Map<string, MetricShape>> {
  const page = (await referencePages()).get('metrics.md') ?? ''
  const catalogue = new Map<string, MetricShape>()
  for (const [, name = '', type = '', labelText = ''] of page.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm)) {
    const labels = new Set([...labelText.matchAll(/`(\w+)`/g)].map(([, label = '']) => label))
    if (type !== 'histogram') catalogue.set(name, { type, labels })
    else {
      catalogue.set(`${name}_bucket`, { type, labels: new Set([...labels, 'le']) })
      catalogue.set(`${name}_sum`, { type, labels })
      catalogue.set(`${name}_count`, { type, labels })
    }
  }
  return catalogue
}
