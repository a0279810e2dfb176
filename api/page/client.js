// Requests to this server: the key, errors in words, live events.

const KEY = 'dtms-key'

/** A key in the address (`#key=...`) goes to session storage and out of the address bar. */
export function takeKeyFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given === null) return
  storeKey(given)
  history.replaceState(null, '', location.pathname + location.search)
}

export function storedKey() {
  return sessionStorage.getItem(KEY) ?? ''
}

export function storeKey(key) {
  if (key === '') sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, key)
}

/** Answers the parsed body; throws an Error whose message can be shown. */
export async function request(path, { method = 'GET', body, keyed = false } = {}) {
  const headers = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (keyed) headers.authorization = `Bearer ${storedKey()}`
  let response
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  } catch {
    throw new Error('The server does not answer. Trying again.')
  }
  const answer = await response.json().catch(() => ({}))
  if (response.ok || path === '/health/ready') return answer
  if (response.status === 401)
    throw new Error('The key is missing or wrong. The start banner and the file api-key name it.')
  throw new Error(describe(answer) ?? `The server answered ${response.status}.`)
}

function describe({ detail, hint }) {
  if (typeof detail === 'string') return hint === undefined ? `${detail}.` : `${detail}: ${hint}.`
  if (!Array.isArray(detail)) return undefined
  return detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; ')
}

const REOPEN_MS = 5000

/** Listens for ever. The browser reconnects by itself after a broken line, but not after a refusal. */
export function listen(types, { onEvent, onState }) {
  const source = new EventSource(`/v1/events?types=${types.join(',')}`)
  source.onopen = () => onState('live')
  source.onerror = () => {
    onState('reconnecting')
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(types, { onEvent, onState }), REOPEN_MS)
  }
  for (const type of [...types, 'reset']) source.addEventListener(type, () => onEvent(type))
}
