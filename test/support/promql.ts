import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  /** Without its labels; undefined for `{__name__=~"..."}`. */
  metric: string | undefined
  matchers: { label: string; op: string; value: string }[]
}

export interface Query {
  selectors: Selector[]
  /** Labels of by, without, on, ignoring, group_left and group_right. */
  groupingLabels: string[]
  /** Labels that label_replace and label_join make. */
  madeLabels: string[]
  /** Number literals, as written. */
  numbers: string[]
}

/**
 * What a PromQL expression reads. Grafana's variables have to be replaced first.
 * @throws Error with the place of the first mistake
 */
export function parsePromql(text: string): Query {
  const query: Query = { selectors: [], groupingLabels: [], madeLabels: [], numbers: [] }
  const open: Selector[] = []
  parser.parse(text).iterate({
    enter(node) {
      const source = text.slice(node.from, node.to)
      const selector = open.at(-1)
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${text.slice(0, node.from)}⟂${source}`)
      if (node.name === 'VectorSelector') {
        const started: Selector = { metric: undefined, matchers: [] }
        query.selectors.push(started)
        open.push(started)
      } else if (node.name === 'Identifier' && selector !== undefined) {
        selector.metric = source
      } else if (node.name === 'UnquotedLabelMatcher' && selector !== undefined) {
        const found = /^\s*(\w+)\s*(=~|!~|!=|=)\s*(["'`])([\s\S]*)\3\s*$/.exec(source)
        if (found === null) throw new Error(`not PromQL at ${node.from}: ${source} is no label matcher`)
        selector.matchers.push({ label: found[1] ?? '', op: found[2] ?? '', value: found[4] ?? '' })
      } else if (node.name === 'LabelName' && node.node.parent?.name === 'GroupingLabels') {
        query.groupingLabels.push(source)
      } else if (node.name === 'NumberDurationLiteral') {
        query.numbers.push(source)
      } else if (node.name === 'FunctionCall') {
        const made = /^label_(?:replace|join)\s*\(/.test(source)
          ? firstStringOf(node.node.getChild('FunctionCallBody'), text)
          : undefined
        if (made !== undefined) query.madeLabels.push(made)
      }
    },
    leave(node) {
      if (node.name === 'VectorSelector') open.pop()
    },
  })
  return query
}

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** The label that label_replace and label_join write is their first text. */
function firstStringOf(body: SyntaxNode | null, text: string): string | undefined {
  const found = body?.getChild('StringLiteral')
  return found === null || found === undefined ? undefined : text.slice(found.from + 1, found.to - 1)
}
