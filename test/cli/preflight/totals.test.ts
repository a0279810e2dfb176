import { expect, test } from 'vitest'
import { COLUMNS, totalsOf } from '../../../cli/preflight/totals.ts'
import { workloadsOf } from '../../../cli/preflight/workload.ts'
import { aDeployment, aKube, aTemplate, q } from '../../support/kube-objects.ts'

test('services, services that are all updated, and what ends by itself are summed apart', () => {
  const rolling = aDeployment('rolling', { spec: { replicas: 2, strategy: { type: 'RollingUpdate' } } })
  const job = aKube('Job', 'job', {
    spec: { template: aTemplate({ requests: { cpu: '1' }, pod: { activeDeadlineSeconds: 60 } }) },
  })
  const totals = totalsOf(workloadsOf([aDeployment('steady'), rolling, job], []))
  expect(COLUMNS.map(({ side, resource }) => `${side}.${resource}`)).toEqual([
    'requests.cpu',
    'requests.memory',
    'limits.cpu',
    'limits.memory',
  ])
  expect(totals.steady).toEqual({ pods: 3, amounts: [q('300m'), q('192Mi'), q('600m'), q('384Mi')] })
  expect(totals.rolling).toEqual({ pods: 4, amounts: [q('400m'), q('256Mi'), q('800m'), q('512Mi')] })
  expect(totals.terminating).toEqual({ pods: 1, amounts: [q('1'), 0n, 0n, 0n] })
})
