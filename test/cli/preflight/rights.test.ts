import { expect, test } from 'vitest'
import { rightProblems, rightsFor, servedProblems } from '../../../cli/preflight/rights.ts'
import { rulesSchema } from '../../../cli/preflight/rules.ts'
import { aDeployment, aKube, aNamespace } from '../../support/kube-objects.ts'

const all = ['get', 'create', 'patch']
const mayEdit = { verbs: all, apiGroups: ['', 'apps'], resources: ['*'] }
const withRules = (...resourceRules: Record<string, unknown>[]) =>
  aNamespace([], { rules: rulesSchema.parse({ resourceRules }) })

test('each kind needs to be looked at, made and changed, once', () => {
  const rights = rightsFor([aDeployment('a'), aDeployment('b'), aKube('Route', 'r')])
  expect(rights.map(({ verb, group, resource }) => `${verb} ${group}/${resource}`)).toEqual([
    ...all.map((verb) => `${verb} apps/deployments`),
    ...all.map((verb) => `${verb} route.openshift.io/routes`),
  ])
})

test('missing rights are one problem for each kind, with the objects they are for', () => {
  const routes = { verbs: ['get'], apiGroups: ['route.openshift.io'], resources: ['routes'] }
  const problems = rightProblems(
    [aDeployment('a'), aKube('Route', 'dtms'), aKube('Route', 'grafana')],
    withRules(mayEdit, routes),
  )
  expect(problems).toEqual([
    {
      what: 'no right to create, patch routes.route.openshift.io in namespace lab (needed for dtms, grafana)',
      remedy: expect.stringContaining('port-forward'),
      cause: 'kind',
    },
  ])
})

test.each([
  ['Deployment', '--clusterrole=edit'],
  ['Role', 'role admin'],
])('who may not make a %s is told whom to ask', (kind, remedy) => {
  expect(rightProblems([aKube(kind, 'x')], withRules())[0]?.remedy).toContain(remedy)
})

test('nothing is said about rights that nobody told', () => {
  expect(rightProblems([aDeployment('a')], aNamespace())).toEqual([])
})

test('a Role may give only rights that its maker has', () => {
  const role = aKube('Role', 'reader', { rules: [{ verbs: ['get', 'watch'], apiGroups: [''], resources: ['pods'] }] })
  const roles = { verbs: all, apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] }
  expect(rightProblems([role], withRules(mayEdit, roles))).toMatchObject([
    { what: expect.stringContaining('(watch pods)') },
  ])
  expect(rightProblems([role], withRules(mayEdit, roles, { ...mayEdit, verbs: ['watch'] }))).toEqual([])
  expect(rightProblems([role], withRules(mayEdit, { ...roles, verbs: ['*'] }))).toEqual([])
})

test('kinds that the cluster does not have are named with the overlay that does without', () => {
  const served = new Map([
    ['apps/v1', new Set(['deployments'])],
    ['route.openshift.io/v1', new Set<string>()],
  ])
  const problems = servedProblems(
    [aDeployment('a'), aKube('Route', 'r'), aKube('NetworkPolicy', 'n')],
    aNamespace([], { served }),
  )
  expect(problems).toMatchObject([
    {
      what: expect.stringContaining('no kind Route (route.openshift.io/v1), needed for r'),
      remedy: expect.stringContaining('--profile kubernetes'),
    },
  ])
})
