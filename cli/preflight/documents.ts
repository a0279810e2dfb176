import { LineCounter, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { DtmsError } from '../../lib/errors.ts'
import { type KubeObject, objectSchema, textAt, toObject } from './objects.ts'

export interface Documents {
  objects: KubeObject[]
  /** Kinds that were listed, also with no item: then one that is not there is known to be missing. */
  kinds: Set<string>
}

const listSchema = z.looseObject({ kind: z.string().regex(/List$/), items: z.array(z.unknown()).nullish() })

/**
 * Objects of a YAML or JSON text: several documents, lists, or both.
 * @throws DtmsError `usage.invalid` with file and line
 */
export function parseDocuments(text: string, fileName: string): Documents {
  const lines = new LineCounter()
  const parsed: Documents = { objects: [], kinds: new Set() }
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
  for (const document of 'empty' in documents ? [] : documents) {
    const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line)
    const [error] = document.errors
    if (error !== undefined) {
      throw unreadable(fileName, lineOf(error.pos[0]), error.message.split('\n')[0] ?? error.code)
    }
    const line = lineOf(document.contents?.range?.[0] ?? document.range?.[0] ?? 0)
    let value: unknown
    try {
      value = document.toJS({ maxAliasCount: 100 })
    } catch {
      throw unreadable(fileName, line, 'too many aliases')
    }
    collect(value, `${fileName}:${line}`, parsed, (message) => unreadable(fileName, line, message))
  }
  return parsed
}

/** What the API answered, or one document: an object, a list, or nothing. */
export function collect(
  value: unknown,
  source: string,
  into: Documents,
  wrong: (message: string) => DtmsError,
  itemKind?: string,
): void {
  if (value === null || value === undefined) return
  const list = listSchema.safeParse(value)
  if (list.success) {
    const kind = list.data.kind === 'List' ? undefined : list.data.kind.slice(0, -'List'.length)
    if (kind !== undefined) into.kinds.add(kind)
    const { apiVersion } = list.data
    for (const item of list.data.items ?? []) {
      // Items of a typed list do not repeat their kind when they come from the API.
      const whole = kind !== undefined && typeof item === 'object' ? { apiVersion, kind, ...item } : item
      collect(whole, source, into, wrong, kind)
    }
    return
  }
  const parsed = objectSchema.safeParse(isReview(value) ? { ...value, metadata: { name: 'review' } } : value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.join('.') ?? ''
    throw wrong(`is no Kubernetes object${where === '' ? '' : ` (${where}: ${issue?.message})`}`)
  }
  const object = toObject(parsed.data, source)
  into.objects.push(object)
  into.kinds.add(itemKind ?? object.kind)
}

/** The answer of a review is the only object without a name. */
function isReview(value: unknown): value is object {
  return textAt(value, 'kind')?.startsWith('SelfSubject') === true
}

function unreadable(fileName: string, line: number, message: string): DtmsError {
  return new DtmsError('usage.invalid', `${fileName}:${line} ${message}`, {
    hint: 'give objects as YAML or JSON, as `oc get ... -o yaml`, `oc kustomize` or `helm template` print them',
  })
}
