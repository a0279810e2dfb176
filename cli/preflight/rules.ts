import { z } from 'zod'

export type Rules = z.infer<typeof rulesSchema>

/** The status of a SelfSubjectRulesReview. */
export const rulesSchema = z.looseObject({
  resourceRules: z.array(
    z.looseObject({
      verbs: z.array(z.string()),
      apiGroups: z.array(z.string()).nullish(),
      resources: z.array(z.string()).nullish(),
      resourceNames: z.array(z.string()).nullish(),
    }),
  ),
  /** Other authorizers than roles may allow more. */
  incomplete: z.boolean().nullish(),
})

export interface Right {
  verb: string
  group: string
  resource: string
}

export function isAllowed(rules: Rules, { verb, group, resource }: Right): boolean {
  return rules.resourceRules.some(
    (rule) =>
      includes(rule.verbs, verb) &&
      includes(rule.apiGroups, group) &&
      includes(rule.resources, resource) &&
      (rule.resourceNames ?? []).length === 0,
  )
}

function includes(names: readonly string[] | null | undefined, name: string): boolean {
  return names?.some((candidate) => candidate === '*' || candidate === name) ?? false
}
