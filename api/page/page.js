// The overview page: asks the lists, listens to live events, and asks the lists again when something happened.

import { listen, request, storedKey, storeKey, takeKeyFromAddress } from './client.js'
import { instant, scopeText, speedText } from './format.js'
import {
  alertItem,
  anomalyItem,
  correlationText,
  el,
  faultCard,
  faultRow,
  linkTable,
  readinessText,
  siteCard,
  windowTable,
} from './view.js'

const SHOWN_ANOMALIES = 12
const SHOWN_FIRING = 20
const SHOWN_RESOLVED = 3
/** However much happens, a list is asked for at most this often, milliseconds. */
const LEAST_MS = 1500

const byId = (id) => document.getElementById(id)
const world = { now: 0, speed: 0, at: 0, runs: false }
const chosenScopes = new Map()
let sites = []
let links = []
let kinds = []
let shownKinds = ''

function worldNow() {
  return world.now + ((performance.now() - world.at) / 1000) * world.speed
}

/** Runs `work` soon after the first of many calls, and never twice at a time. */
function throttled(work) {
  let timer
  let lastAt = -LEAST_MS
  const run = async () => {
    lastAt = performance.now()
    try {
      await work()
      report(work)
    } catch (error) {
      report(work, error.message)
    }
    timer = undefined
  }
  return () => {
    if (timer === undefined) timer = setTimeout(run, Math.max(0, lastAt + LEAST_MS - performance.now()))
  }
}

const problems = new Map()

/** Each source of problems has one line at most; an empty message takes it back. */
function report(source, message) {
  if (message === undefined) problems.delete(source)
  else problems.set(source, message)
  const line = byId('problem')
  const text = [...new Set(problems.values())].join(' ')
  line.hidden = text === ''
  if (line.textContent !== text) line.textContent = text
}

const loadSites = throttled(async () => {
  sites = (await request('/v1/sites')).items
  byId('sites').replaceChildren(...sites.map(siteCard))
  if (sites.length === 0)
    byId('sites').replaceChildren(el('li', { class: 'quiet' }, 'No site has recorded anything yet.'))
  showKinds()
})

const loadLinks = throttled(async () => {
  links = (await request(`/v1/links?window=${byId('window').value}`)).items
  byId('links').replaceChildren(...linkTable(links))
  showKinds()
})

const loadAnomalies = throttled(async () => {
  const { items } = await request(`/v1/anomalies?limit=${SHOWN_ANOMALIES}`)
  const none = el('li', { class: 'quiet' }, 'Nothing unusual so far.')
  byId('anomalies').replaceChildren(...(items.length === 0 ? [none] : items.map(anomalyItem)))
})

const loadAlerts = throttled(async () => {
  const [firing, over] = await Promise.all([
    request(`/v1/alerts?state=firing&limit=${SHOWN_FIRING}`),
    request(`/v1/alerts?state=resolved&limit=${SHOWN_RESOLVED}`),
  ])
  const none = el('li', { class: 'quiet' }, 'No alert fires.')
  const items = [...(firing.items.length === 0 ? [none] : firing.items.map(alertItem)), ...over.items.map(alertItem)]
  byId('alerts').replaceChildren(...items)
})

const loadWindows = throttled(async () => {
  const { items } = await request('/v1/windows?scope=link&limit=200')
  byId('windows').replaceChildren(...windowTable(items))
})

const loadCorrelations = throttled(async () => {
  byId('correlations').replaceChildren(...correlationText(await request('/v1/correlations')))
})

const loadWorld = throttled(async () => {
  const answer = await request('/v1/scenario')
  Object.assign(world, { now: answer.now, speed: answer.speed, at: performance.now() })
  const runs = answer.world !== null && answer.speed > 0
  byId('world-speed').textContent = answer.world === null && answer.speed === 1 ? 'wall clock' : speedText(answer.speed)
  byId('faults-note').textContent = runs
    ? 'Trigger one and watch the detectors find it'
    : 'No simulated world runs on this data: faults can not be triggered'
  byId('fault-settings').hidden = !runs
  if (world.runs !== runs) {
    world.runs = runs
    showKinds()
  }
})

const loadFaults = throttled(async () => {
  const { items } = await request('/v1/faults', { keyed: storedKey() !== '' })
  const open = items.filter(({ state }) => state === 'active' || state === 'planned')
  const rows = open.map((fault) => faultRow(fault, worldNow(), () => cancel(fault)))
  byId('open-faults').replaceChildren(...(rows.length === 0 ? [] : [el('ul', { class: 'open' }, ...rows)]))
})

const loadReady = throttled(async () => {
  const line = readinessText(await request('/health/ready'))
  const status = byId('status')
  status.dataset.state = line === undefined ? 'ready' : 'waiting'
  const text = line ?? 'Everything is ready.'
  if (status.textContent !== text) status.textContent = text
  setTimeout(loadReady, line === undefined ? 15_000 : 1500)
})

const loadKinds = throttled(async () => {
  kinds = (await request('/v1/faults/catalogue')).items
  showKinds()
})

/** Drawn again only when there are other scopes to choose from: a list that changes under the hand is no use. */
function showKinds() {
  const signature = JSON.stringify([
    kinds.length,
    world.runs,
    sites.map(({ site }) => site),
    links.map(({ source, destination }) => [source, destination]),
  ])
  if (signature === shownKinds) return
  shownKinds = signature
  const cards = world.runs ? kinds : []
  byId('kinds').replaceChildren(
    ...cards.map((kind) =>
      faultCard(kind, scopesOf(kind), {
        chosen: chosenScopes.get(kind.kind),
        onChoose: (label) => chosenScopes.set(kind.kind, label),
        onStart: (scope) => start(kind, scope),
      }),
    ),
  )
}

function scopesOf(kind) {
  const option = (scope) => ({ label: scopeText(scope), scope })
  const offers = {
    link: { label: 'Link', options: links.map(({ source, destination }) => option({ source, destination })) },
    site: { label: 'Site', options: sites.map(({ site }) => option({ site })) },
    platform: { label: 'Everything', options: [option({ platform: true })] },
  }
  const order = [kind.scopeHint, ...kind.scopes.filter((scope) => scope !== kind.scopeHint)]
  return order.filter((scope) => kind.scopes.includes(scope)).map((scope) => offers[scope])
}

async function start(kind, scope) {
  const minutes = byId('minutes')
  if (!needKey() || scope === undefined || !minutes.reportValidity()) return
  const body = {
    kind: kind.kind,
    scope,
    durationSeconds: Number(minutes.value) * 60,
    severity: Number(byId('severity').value),
  }
  await change(() => request('/v1/faults', { method: 'POST', body, keyed: true }))
}

async function cancel(fault) {
  if (needKey()) await change(() => request(`/v1/faults/${fault.id}`, { method: 'DELETE', keyed: true }))
}

function needKey() {
  if (storedKey() !== '') return true
  report('change', 'Enter the key for changes first: the start banner and the file api-key name it.')
  byId('key').focus()
  return false
}

async function change(work) {
  try {
    await work()
    report('change')
  } catch (error) {
    report('change', error.message)
  }
  loadFaults()
}

const onEvent = {
  transfer: [loadSites, loadLinks],
  anomaly: [loadAnomalies, loadSites, loadLinks],
  freshness: [loadSites],
  window: [loadWindows],
  correlation: [loadCorrelations],
  fault: [loadFaults],
  alert: [loadAlerts],
}
const loadAll = () => {
  for (const load of [
    loadWorld,
    loadSites,
    loadAlerts,
    loadLinks,
    loadAnomalies,
    loadWindows,
    loadCorrelations,
    loadFaults,
  ])
    load()
  if (kinds.length === 0) loadKinds()
}

takeKeyFromAddress()
byId('key').value = storedKey()
byId('key').addEventListener('input', (event) => {
  storeKey(event.target.value.trim())
  report('change')
  loadFaults()
})
byId('fault-settings').addEventListener('submit', (event) => event.preventDefault())
byId('severity').addEventListener('input', (event) => {
  byId('severity-value').textContent = event.target.value
})
byId('window').addEventListener('change', loadLinks)
setInterval(() => {
  byId('world-time').textContent = world.at === 0 ? '…' : instant(worldNow())
}, 250)
// Ages grow and windows end while nothing happens.
setInterval(() => {
  for (const load of [loadWorld, loadSites, loadFaults]) load()
}, 5000)
loadReady()
loadAll()
listen(Object.keys(onEvent), {
  onEvent: (type) => {
    if (type === 'reset') loadAll()
    else for (const load of onEvent[type]) load()
  },
  onState: (state) => {
    const place = byId('live')
    if (state === 'live' && place.textContent === 'reconnecting') loadAll()
    place.textContent = state
    place.dataset.state = state
  },
})
