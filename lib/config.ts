import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { DtmsError, describeSystemError } from './errors.ts'

/** One setting: where it comes from, what it may be, what it is when nobody says, and one line for people. */
export interface Setting<T> {
  env: string
  /** Older names, looked at in this order when `env` is not set. */
  aliases?: readonly string[]
  /** Parses the text of the environment. */
  schema: z.ZodType<T, string>
  /** Absent: the setting is required. */
  fallback?: T
  description: string
  unit?: string
  /** The value may be given in a file named by `<env>_FILE`, and is never printed. */
  secret?: boolean
  /** Another variable of the same service without which this one means nothing. */
  needs?: string
}

export type Settings = Record<string, Setting<unknown>>
export type ConfigOf<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

export interface ConfigDefinition<S extends Settings = Settings> {
  service: string
  settings: S
}

export function setting<const T>(definition: Setting<T>): Setting<T> {
  return definition
}

/** Text of the environment -> value. Each says in words what it wants. */
export const parse = {
  text: (maxLength = 1024): z.ZodType<string, string> => z.string().min(1).max(maxLength),
  number: (range: { min?: number; max?: number } = {}): z.ZodType<number, string> => numeric(range, false),
  integer: (range: { min?: number; max?: number } = {}): z.ZodType<number, string> => numeric(range, true),
  boolean: (): z.ZodType<boolean, string> =>
    z.string().transform((text, context) => {
      if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true
      if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false
      context.addIssue('must be true or false')
      return z.NEVER
    }),
  oneOf: <const T extends readonly [string, ...string[]]>(values: T): z.ZodType<T[number], string> => z.enum(values),
  url: (): z.ZodType<string, string> => z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  list: <T>(item: z.ZodType<T, string>): z.ZodType<T[], string> =>
    z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      )
      .pipe(z.array(item)),
}

function numeric(range: { min?: number; max?: number }, whole: boolean): z.ZodType<number, string> {
  const wanted = [
    whole ? 'a whole number' : 'a number',
    ...(range.min === undefined ? [] : [`>= ${range.min}`]),
    ...(range.max === undefined ? [] : [`<= ${range.max}`]),
  ].join(' ')
  return z.string().transform((text, context) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const good =
      Number.isFinite(value) &&
      (!whole || Number.isSafeInteger(value)) &&
      value >= (range.min ?? -Infinity) &&
      value <= (range.max ?? Infinity)
    if (good) return value
    context.addIssue(`must be ${wanted}`)
    return z.NEVER
  })
}

/**
 * Reads a service's settings from the environment. An empty variable counts as not set.
 * @throws DtmsError `config.invalid` that lists every problem at once
 */
export function loadConfig<S extends Settings>(
  definition: ConfigDefinition<S>,
  env: Record<string, string | undefined>,
): ConfigOf<S> {
  const values: Record<string, unknown> = Object.create(null)
  const problems: string[] = []
  for (const name of promised(env)) {
    const entry = Object.values(definition.settings).find((candidate) => candidate.env === name)
    if (!isSet(name, entry, env))
      problems.push(`${name}: is not set, and this deployment counts on it (${carrierOf(name)})`)
  }
  for (const [name, entry] of Object.entries(definition.settings)) {
    try {
      const found = lookUp(entry, env)
      if (found === undefined) {
        // One that is promised as well has been named already.
        if (!('fallback' in entry) && !promised(env).includes(entry.env)) {
          problems.push(`${entry.env}: is required (${entry.description})`)
        }
        values[name] = entry.fallback
        continue
      }
      if (entry.needs !== undefined && !isSet(entry.needs, undefined, env))
        problems.push(`${found.env}: needs ${entry.needs} as well`)
      const parsed = entry.schema.safeParse(found.text)
      if (parsed.success) values[name] = parsed.data
      else {
        const shown = entry.secret ? '' : `, got ${JSON.stringify(found.text.slice(0, 80))}`
        for (const issue of parsed.error.issues) problems.push(`${found.env}: ${issue.message}${shown}`)
      }
    } catch (error) {
      const names = [entry.env, ...(entry.aliases ?? [])].map((known) => `${known}_FILE`)
      const from = names.find((known) => (env[known] ?? '') !== '') ?? `${entry.env}_FILE`
      const why = `${describeSystemError(error)}; ${carrierOf(entry.env)}`
      problems.push(`${from}: ${env[from]} cannot be read (${why})`)
    }
  }
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`
    throw new DtmsError('config.invalid', `${count} wrong for ${definition.service}:\n  ${problems.join('\n  ')}`, {
      hint: settingsHint(env),
    })
  }
  return values as ConfigOf<S>
}

/**
 * Settings that a deployment takes from elsewhere and must not silently run without: their defaults are made for a
 * laptop. The manifests list them in `DTMS_REQUIRED_SETTINGS`.
 */
function promised(env: Record<string, string | undefined>): string[] {
  const names = (env.DTMS_REQUIRED_SETTINGS ?? '').split(',').map((name) => name.trim())
  return names.filter((name) => name !== '')
}

function isSet(name: string, entry: Setting<unknown> | undefined, env: Record<string, string | undefined>): boolean {
  const names = [name, ...(entry?.aliases ?? [])]
  return names.flatMap((known) => [known, `${known}_FILE`]).some((known) => (env[known] ?? '') !== '')
}

/** Where the manifests of openshift/ take a setting from. */
function carrierOf(name: string): string {
  if (name === 'DTMS_API_KEY') return 'in a cluster: key api-key of Secret dtms-api-key'
  if (name === 'SITE_NAME') return 'in a cluster: env of the Deployment'
  return `in a cluster: key ${name} of ConfigMap dtms-settings`
}

/** How wrong settings are put right: in a pod nobody edits an environment. */
export function settingsHint(env: Record<string, string | undefined>): string {
  return (env.KUBERNETES_SERVICE_HOST ?? '') !== ''
    ? 'put it right in the ConfigMap, the Secret or the env of the Deployment, then: oc rollout restart deployment/NAME'
    : 'correct them and start again; docs/configuration.md lists every setting'
}

function lookUp(
  entry: Setting<unknown>,
  env: Record<string, string | undefined>,
): { env: string; text: string } | undefined {
  for (const name of [entry.env, ...(entry.aliases ?? [])]) {
    const text = env[name]
    if (text !== undefined && text !== '') return { env: name, text }
    const file = entry.secret ? env[`${name}_FILE`] : undefined
    if (file !== undefined && file !== '') return { env: `${name}_FILE`, text: readFileSync(file, 'utf8').trim() }
  }
  return undefined
}
