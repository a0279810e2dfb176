// Writes the burn-rate rules of every period from openshift/prometheus/slo.yaml: `npm run slo:build`. A test compares.
// The method is that of the Site Reliability Workbook, chapter 5 (multiple windows, multiple burn rates).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'

const FOLDER = 'openshift/prometheus'
const HEADER = '# Generated from slo.yaml by `npm run slo:build`; edit that file.\n'
/** What the burn rates of the table are given for. */
const GIVEN_FOR = '30d'
const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Every generated file: its path from the root of the project, and its text. */
export function sloRules(root) {
  const table = parse(readFileSync(join(root, FOLDER, 'slo.yaml'), 'utf8'))
  return new Map(
    table.periods.map((period) => {
      const pairs = windowsOf(table.burnRates, period)
      const groups = [
        ...table.slos.map((slo) => eventGroup(slo, period, pairs)),
        budgetGroup(table.slos, period, pairs),
        alertGroup(table, period, pairs),
      ]
      return [
        `${FOLDER}/${period.file}`,
        HEADER + stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false }),
      ]
    }),
  )
}

/**
 * Pairs of ranges, scaled from 30 days to the period and kept above its shortest. A pair that this has made so long that a
 * slower burn rate would notice before it is left out.
 */
export function windowsOf(burnRates, period) {
  const scale = seconds(period.name) / seconds(GIVEN_FOR)
  const scaled = burnRates.map(({ factor, long, short, severity }) => ({
    ...{ factor, severity },
    long: Math.max(seconds(long) * scale, seconds(period.shortest.long)),
    short: Math.max(seconds(short) * scale, seconds(period.shortest.short)),
  }))
  const spent = ({ factor, long }) => factor * long
  return scaled
    .filter((pair, i) => scaled.slice(i + 1).every((slower) => spent(pair) <= spent(slower)))
    .map((pair) => ({ ...pair, long: duration(pair.long), short: duration(pair.short) }))
}

/** Bad events, and all of them, of a range. */
function eventsOf(slo, window) {
  const at = (text) => text.replaceAll('$window', window)
  if (slo.within !== undefined) {
    const { histogram, matchers, seconds: bound } = slo.within
    const all = matchers === undefined ? '' : `{${matchers}}`
    const total = `sum(increase(${histogram}_count${all}[${window}]))`
    const inside = [matchers, `le${boundMatcher(bound)}`].filter((part) => part !== undefined).join(',')
    return { bad: `${total} - sum(increase(${histogram}_bucket{${inside}}[${window}]))`, total }
  }
  const total = at(slo.total)
  return { bad: slo.bad === undefined ? `${total} - ${at(slo.good)}` : at(slo.bad), total }
}

/** Prometheus 3 writes whole bounds with a decimal (2.0), release 2 as they came (2). */
function boundMatcher(bound) {
  return Number.isInteger(bound) ? `=~"${bound}|${bound}.0"` : `="${bound}"`
}

function eventGroup(slo, period, pairs) {
  const record = (name, expr) => ({ record: name, expr, labels: labelsOf(slo, period) })
  const ranges = [...new Set(pairs.flatMap(({ long, short }) => [long, short]))]
  const now = eventsOf(slo, '5m')
  return {
    name: `dtms-slo-${period.name}-${slo.name}`,
    rules: [
      ...ranges.flatMap((range) => {
        const { bad, total } = eventsOf(slo, range)
        return [record(`slo:dtms_bad_events:increase${range}`, bad), record(`slo:dtms_events:increase${range}`, total)]
      }),
      // A past of 24 hours is written in one go, and an idled platform catches up: that is no broken promise.
      record(
        'slo:dtms_bad_events:rate5m',
        `(${now.bad}) / 300 unless on () platform:dtms_waking:seconds or 0 * (${now.total})`,
      ),
      record('slo:dtms_events:rate5m', `(${now.total}) / 300`),
    ],
  }
}

/** Share of bad events of a range. */
function ratio(range, selector) {
  return `slo:dtms_bad_events:increase${range}${selector} / (slo:dtms_events:increase${range}${selector} > 0)`
}

/**
 * Budgets are those of the whole period and made from recorded rates, because ranges of days over raw series cost too much.
 * A burn rate of 1 spends the budget exactly at the end of the period.
 */
function budgetGroup(slos, period, pairs) {
  const all = `{period="${period.name}"}`
  const whole = (metric) => `sum_over_time(${metric}${all}[${period.name}])`
  const burn = (range) => `${ratio(range, all)} / on (slo, layer, period) (1 - slo:dtms_objective:ratio${all})`
  return {
    name: `dtms-slo-${period.name}-budget`,
    interval: period.budgetInterval,
    rules: [
      ...slos.map((slo) => ({
        ...{ record: 'slo:dtms_objective:ratio', expr: `vector(${slo.objective})`, labels: labelsOf(slo, period) },
      })),
      {
        record: 'slo:dtms_bad_events:ratio_period',
        expr: `${whole('slo:dtms_bad_events:rate5m')} / (${whole('slo:dtms_events:rate5m')} > 0)`,
      },
      {
        record: 'slo:dtms_error_budget:remaining_ratio',
        expr: `1 - slo:dtms_bad_events:ratio_period${all} / (1 - slo:dtms_objective:ratio${all})`,
      },
      { record: 'slo:dtms_burn_rate:fast', expr: burn(pairs[0].long) },
      { record: 'slo:dtms_burn_rate:slow', expr: burn(pairs.at(-1).long) },
    ],
  }
}

function alertGroup(table, period, pairs) {
  const rules = table.slos.flatMap((slo) =>
    ['critical', 'warning'].map((severity) => {
      const mine = pairs.filter((pair) => pair.severity === severity)
      return alertRule(slo, period, severity, mine, table.fewestBadEvents)
    }),
  )
  return { name: `dtms-slo-${period.name}-alerts`, rules }
}

function alertRule(slo, period, severity, pairs, fewest) {
  const labels = `{slo="${slo.name}",period="${period.name}"}`
  const burning = pairs.map(({ factor, long, short }) => {
    const limit = Number((factor * (1 - slo.objective)).toPrecision(6))
    const isOver = (range) => `${ratio(range, labels)} > ${limit}`
    return `(${isOver(long)} and ${isOver(short)} and slo:dtms_bad_events:increase${long}${labels} >= ${fewest})`
  })
  const alert = severity === 'critical' ? 'DtmsErrorBudgetBurnsFast' : 'DtmsErrorBudgetBurns'
  const wait = period.wait[severity]
  return {
    alert,
    expr: `(${burning.join(' or ')}) unless on () platform:dtms_waking:seconds`,
    ...(wait === '0s' ? {} : { for: wait }),
    labels: { severity, ...labelsOf(slo, period) },
    annotations: {
      summary: `${slo.title}: the error budget burns${severity === 'critical' ? ' fast' : ''}`,
      description: `{{ $value | humanizePercentage }} of the events of {{ $labels.slo }} are bad (objective: at most ${percent(1 - slo.objective)} in {{ $labels.period }}), ${allowed(pairs.at(-1).factor)}. An event: ${slo.event}.`,
      runbook_url: `docs/runbook.md#${alert.toLowerCase()}`,
    },
  }
}

function labelsOf(slo, period) {
  return { slo: slo.name, layer: slo.layer, period: period.name }
}

function allowed(factor) {
  return factor === 1 ? 'more than the budget allows' : `more than ${factor} times what the budget allows`
}

function percent(share) {
  return `${Number((share * 100).toPrecision(6))} %`
}

function seconds(text) {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (unit === undefined) throw new Error(`slo.yaml: ${text} is no duration`)
  return Number(count) * UNITS[unit]
}

function duration(total) {
  const unit = ['d', 'h', 'm', 's'].find((name) => total % UNITS[name] === 0)
  if (unit === undefined) throw new Error(`slo.yaml: a range of ${total} seconds`)
  return `${total / UNITS[unit]}${unit}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  for (const [path, text] of sloRules(root)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}
