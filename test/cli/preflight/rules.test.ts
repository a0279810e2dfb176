import { expect, test } from 'vitest'
import { isAllowed, rulesSchema } from '../../../cli/preflight/rules.ts'

const rules = rulesSchema.parse({
  resourceRules: [
    { verbs: ['get', 'create'], apiGroups: [''], resources: ['services'] },
    { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'] },
    { verbs: ['get'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['patch'], apiGroups: [''], resources: ['secrets'], resourceNames: ['one'] },
    { verbs: ['create'] },
  ],
})

test.each([
  ['create', '', 'services', true],
  ['patch', '', 'services', false],
  ['patch', 'apps', 'deployments', true],
  ['create', 'apps', 'statefulsets', false],
  ['get', 'route.openshift.io', 'routes', true],
  ['create', 'extensions', 'services', false],
  ['patch', '', 'secrets', false],
])('%s %s/%s is allowed: %s', (verb, group, resource, allowed) => {
  expect(isAllowed(rules, { verb, group, resource })).toBe(allowed)
})
