// From answers of the API to elements of the page. Text is always set as text: nothing from outside becomes markup.

import { bytes, duration, instant, percent, rate, scopeText, timeOfDay, whole } from './format.js'

/** An element with properties (`class`, `dataset`, `on...`, attributes) and children (elements or text). */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name === 'dataset') Object.assign(element.dataset, value)
    else if (name === 'value') element.value = value
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

export function badge(text, kind) {
  return el('span', { class: 'badge', dataset: { kind } }, text)
}

export function siteCard(site) {
  const age = site.ageSeconds === null ? 'has never sent' : `newest record ${duration(site.ageSeconds)} ago`
  const figure = (value, label) => el('div', {}, el('dd', {}, value), el('dt', {}, label))
  return el(
    'li',
    { dataset: { site: site.site } },
    el('div', { class: 'head' }, el('h3', {}, site.site), badge(site.state, site.state)),
    el('p', {}, age),
    el(
      'dl',
      {},
      figure(whole(site.records), 'transfers'),
      figure(percent(site.failures, site.records), 'failed'),
      figure(whole(site.anomalies), 'anomalies'),
      figure(bytes(site.bytesTransferred), 'moved'),
    ),
  )
}

/** A matrix reads well for a dozen sites; beyond that the links that carry something are listed. */
const MOST_COLUMNS = 12

export function linkTable(links) {
  const sources = [...new Set(links.map(({ source }) => source))]
  const destinations = [...new Set(links.map(({ destination }) => destination))].sort()
  if (destinations.length > MOST_COLUMNS) return linkList(links)
  const byEnds = new Map(links.map((link) => [`${link.source} ${link.destination}`, link]))
  const head = el(
    'tr',
    {},
    el('th', { scope: 'col', class: 'corner' }, 'from ↓ to →'),
    ...destinations.map((name) => el('th', { scope: 'col' }, name)),
  )
  const rows = sources.map((source) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, source),
      ...destinations.map((destination) => linkCell(byEnds.get(`${source} ${destination}`))),
    ),
  )
  return [
    el('caption', {}, 'Mean rate, transfers, failed share and anomalies of each link'),
    el('thead', {}, head),
    el('tbody', {}, ...rows),
  ]
}

function linkList(links) {
  const busiest = links.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)
  const rows = busiest
    .slice(0, 50)
    .map((link) => el('tr', {}, el('th', { scope: 'row' }, `${link.source} → ${link.destination}`), linkCell(link)))
  return [el('caption', {}, `The ${rows.length} busiest of ${links.length} links`), el('tbody', {}, ...rows)]
}

function linkCell(link) {
  if (link === undefined) return el('td', { class: 'none' }, '–')
  if (link.count === 0) return el('td', { class: 'none' }, 'quiet')
  const bad = link.anomalies / link.count > 0.05 || link.failures / link.count > 0.15
  const level = bad ? 'high' : link.anomalies > 0 ? 'some' : undefined
  const anomalies = link.anomalies === 0 ? [] : [el('span', { class: 'flag' }, `${link.anomalies} ⚠`)]
  return el(
    'td',
    { dataset: level === undefined ? {} : { level } },
    el('strong', {}, rate(link.meanRateBytesPerSecond)),
    el('span', {}, `${whole(link.count)} · ${percent(link.failures, link.count)} failed`),
    ...anomalies,
  )
}

export function anomalyItem(anomaly) {
  const link = `${anomaly.source} → ${anomaly.destination}`
  return el(
    'li',
    {},
    el(
      'div',
      { class: 'head' },
      badge(anomaly.severity, anomaly.severity),
      el('strong', {}, link),
      el('span', { class: 'quiet' }, `${anomaly.detector}, ${anomaly.level}`),
      el(
        'time',
        { datetime: new Date(anomaly.at * 1000).toISOString(), title: instant(anomaly.at) },
        timeOfDay(anomaly.at),
      ),
    ),
    el('p', {}, anomaly.why),
    el('p', { class: 'quiet' }, `score ${anomaly.score.toFixed(2)}, limit ${anomaly.threshold.toFixed(2)}`),
  )
}

export function faultRow(fault, now, onCancel) {
  const about = `${fault.kind} on ${scopeText(fault.scope)}`
  const when =
    fault.state === 'planned'
      ? `begins in ${duration(Math.max(0, fault.plannedStartAt - now))}`
      : `${duration(Math.max(0, fault.plannedEndAt - now))} left`
  return el(
    'li',
    {},
    badge(fault.state, fault.state),
    el('span', {}, el('strong', {}, about), ` · severity ${fault.severity} · ${when} of world time`),
    el('button', { type: 'button', class: 'plain', 'aria-label': `Cancel ${about}`, onclick: onCancel }, 'Cancel'),
  )
}

/** One line: how bad, what, where, since when. */
export function alertItem(alert) {
  const { state, severity, name, layer, summary, labels, firedAt, resolvedAt } = alert
  const fires = state === 'firing'
  const place = placeText(labels)
  const at = (fires ? firedAt : resolvedAt) ?? 0
  return el(
    'li',
    { dataset: { state } },
    el(
      'div',
      { class: 'head' },
      badge(fires ? severity : 'over', fires ? severity : 'over'),
      el('strong', {}, summary ?? name),
      el('span', { class: 'quiet' }, [name, layer, place].filter((text) => text !== null && text !== '').join(' · ')),
      el(
        'time',
        { datetime: new Date(at * 1000).toISOString(), title: instant(at) },
        `${fires ? 'since' : 'over at'} ${timeOfDay(at)}`,
      ),
    ),
  )
}

function placeText({ site, source, destination, service }) {
  if (site !== undefined) return site
  if (source !== undefined && destination !== undefined) return `${source} → ${destination}`
  return service ?? ''
}

/** `options` are {label, scope} by group; the choice is the index into the flat list. */
export function faultCard(kind, groups, { chosen, onChoose, onStart }) {
  const flat = groups.flatMap(({ options }) => options)
  const select = el(
    'select',
    { 'aria-label': `Where: ${kind.title}`, onchange: (event) => onChoose(event.target.value) },
    ...groups.map(({ label, options }) =>
      el('optgroup', { label }, ...options.map((option) => el('option', { value: option.label }, option.label))),
    ),
  )
  if (chosen !== undefined && flat.some(({ label }) => label === chosen)) select.value = chosen
  const start = () => onStart(flat.find(({ label }) => label === select.value)?.scope)
  const disabled = flat.length === 0
  return el(
    'li',
    { dataset: { kind: kind.kind } },
    el('h3', {}, kind.title),
    el('p', {}, kind.description),
    el('p', { class: 'quiet' }, `Severity: ${kind.parameters.severity.effect}`),
    el(
      'div',
      { class: 'act' },
      select,
      el('button', { type: 'button', 'aria-label': `Start ${kind.title}`, disabled, onclick: start }, 'Start'),
    ),
  )
}

/** The newest closed window of each link; `windows` come newest first. */
export function windowTable(windows) {
  const newest = new Map()
  for (const window of windows) {
    const link = scopeText(window)
    if (!newest.has(link)) newest.set(link, window)
  }
  if (newest.size === 0) return [el('p', { class: 'quiet' }, 'No window has closed yet.')]
  const head = ['link', 'window', 'transfers', 'failed', 'mean rate', 'p95 duration', 'p95 wait']
  const rows = [...newest]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, 50)
    .map(([link, { from, to, count, failed, rate: rates, duration: durations, queueWait }]) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, link),
        ...[
          `${timeOfDay(from)}–${timeOfDay(to)}`,
          whole(count),
          percent(failed, count),
          rate(rates.mean),
          duration(durations.p95),
          duration(queueWait.p95),
        ].map((text) => el('td', {}, text)),
      ),
    )
  return [
    el(
      'table',
      { class: 'plain' },
      el('caption', {}, 'What the stream has counted of each link in its last closed window'),
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...rows),
    ),
  ]
}

export function correlationText({ run, items }) {
  if (run === null) return [el('p', { class: 'quiet' }, 'No run of the batch job yet; it runs every ten minutes.')]
  const whole = items.find(({ scope }) => scope.platform === true)
  const strong = items
    .filter(({ scope, significant }) => scope.platform !== true && significant)
    .sort((a, b) => Math.abs(b.bestCoefficient ?? 0) - Math.abs(a.bestCoefficient ?? 0))
  const parts = [
    el(
      'p',
      {},
      'All links: ',
      el('strong', {}, coefficient(whole?.coefficient)),
      ` over ${whole?.pairs ?? 0} minutes with both, from ${instant(run.from)} to ${instant(run.to)}.`,
    ),
  ]
  if (strong.length === 0) return [...parts, el('p', { class: 'quiet' }, 'No site or link stands out.')]
  const rows = strong
    .slice(0, 6)
    .map(({ scope, bestCoefficient, bestLagMinutes }) =>
      el(
        'li',
        {},
        el('strong', {}, scopeText(scope)),
        ` ${coefficient(bestCoefficient)} at a lag of ${bestLagMinutes} min`,
      ),
    )
  return [...parts, el('ul', {}, ...rows)]
}

function coefficient(value) {
  return value === null || value === undefined ? 'undefined' : `r = ${value.toFixed(2)}`
}

/** What `/health/ready` says, in one line: what a newcomer waits for comes first. */
export function readinessText({ status, checks = {} }) {
  if (status === 'ready') return undefined
  const waiting = Object.entries(checks).filter(([, { ok }]) => !ok)
  if (waiting.length === 0) return 'Not ready yet.'
  return `Not ready yet: ${waiting.map(([name, { detail }]) => `${name}${detail === undefined ? '' : `: ${detail}`}`).join(' · ')}`
}
