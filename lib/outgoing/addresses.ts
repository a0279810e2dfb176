/**
 * Which addresses DTMS may call. Judged are bytes, never text, because one IPv4 address can be written in a dozen ways
 * and hidden inside several kinds of IPv6 address.
 */

/**
 * `forbidden`: link-local (169.254.0.0/16, fe80::/10) and the fixed addresses at which clouds give out credentials; also
 * what is no host: unspecified, multicast, broadcast. `local`: this machine, private and shared networks, and everything
 * reserved. `public`: the rest.
 */
export type AddressKind = 'public' | 'local' | 'forbidden'

export interface OutgoingPolicy {
  /** What the operator writes into settings may point into the cluster; what arrives through the API may not. */
  origin: 'settings' | 'api'
  /** Host names, as they stand in the URL, that the API may name although their addresses are local. */
  allowedHosts?: readonly string[]
}

type Network = readonly [bytes: readonly number[], bits: number]

const FORBIDDEN_4: readonly Network[] = [
  [[169, 254, 0, 0], 16],
  // Metadata outside link-local: Alibaba, Oracle (classic), Azure's wire server.
  [[100, 100, 100, 200], 32],
  [[192, 0, 0, 192], 32],
  [[168, 63, 129, 16], 32],
  [[0, 0, 0, 0], 8],
  [[224, 0, 0, 0], 4],
  [[255, 255, 255, 255], 32],
]

/** Private, shared, loopback and the special-purpose blocks of RFC 6890 that no public host has. */
const LOCAL_4: readonly Network[] = [
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 88, 99, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  [[240, 0, 0, 0], 4],
]

const FORBIDDEN_6: readonly Network[] = [
  network6('fe80::', 10),
  // Deprecated site-local, and the metadata addresses of EC2, Google Cloud and Scaleway.
  network6('fec0::', 10),
  network6('fd00:ec2::254', 128),
  network6('fd20:ce::254', 128),
  network6('fd00:42::42', 128),
  network6('::', 128),
  network6('ff00::', 8),
]

/** Of IPv6 only 2000::/3 is given out to public hosts; these blocks of it are not. */
const PUBLIC_6 = network6('2000::', 3)
const LOCAL_6: readonly Network[] = [network6('2001:db8::', 32), network6('2001::', 23), network6('3fff::', 20)]

/** Where an IPv6 address carries an IPv4 address that is the one really called: at which byte, and whether inverted. */
const CARRIERS: readonly { network: Network; at: number; inverted?: boolean }[] = [
  { network: network6('::ffff:0:0', 96), at: 12 },
  { network: network6('::ffff:0:0:0', 96), at: 12 },
  { network: network6('64:ff9b::', 96), at: 12 },
  { network: network6('2002::', 16), at: 2 },
  { network: network6('2001::', 32), at: 12, inverted: true },
  { network: network6('::', 96), at: 12 },
]

/** Undefined for text that is no address. A zone (`%eth0`) is not looked at. */
export function addressKind(text: string): AddressKind | undefined {
  const bytes = parseAddress(text)
  if (bytes === undefined) return undefined
  return bytes.length === 4 ? kind4(bytes) : kind6(bytes)
}

/** Why this address must not be called, or undefined when it may be. */
export function refusal(policy: OutgoingPolicy, host: string, address: string): string | undefined {
  const kind = addressKind(address)
  if (kind === undefined) return `${address} is no address`
  if (kind === 'forbidden') return `${address} is a link-local, metadata or unusable address`
  if (kind === 'public' || policy.origin === 'settings') return undefined
  if (policy.allowedHosts?.includes(host)) return undefined
  return `${address} is not a public address and ${host} is not on the list of allowed hosts`
}

function kind4(bytes: readonly number[]): AddressKind {
  if (FORBIDDEN_4.some((network) => contains(network, bytes))) return 'forbidden'
  return LOCAL_4.some((network) => contains(network, bytes)) ? 'local' : 'public'
}

function kind6(bytes: readonly number[]): AddressKind {
  if (FORBIDDEN_6.some((network) => contains(network, bytes))) return 'forbidden'
  // ::1 would pass for a carrier of 0.0.0.1.
  if (bytes.slice(0, 15).every((byte) => byte === 0)) return 'local'
  for (const { network, at, inverted } of CARRIERS) {
    if (!contains(network, bytes)) continue
    return kind4(bytes.slice(at, at + 4).map((byte) => (inverted === true ? byte ^ 0xff : byte)))
  }
  return contains(PUBLIC_6, bytes) && !LOCAL_6.some((network) => contains(network, bytes)) ? 'public' : 'local'
}

function contains([prefix, bits]: Network, bytes: readonly number[]): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff
    if (((bytes[bit >> 3] ?? 0) & mask) !== ((prefix[bit >> 3] ?? 0) & mask)) return false
  }
  return true
}

function network6(text: string, bits: number): Network {
  return [parse6(text) ?? [], bits]
}

/** 4 or 16 bytes. IPv4 only as four decimal numbers: the other spellings are undone by the URL parser before. */
function parseAddress(text: string): number[] | undefined {
  const plain = text.replace(/%.*$/, '')
  return plain.includes(':') ? parse6(plain) : parse4(plain)
}

function parse4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

function parse6(text: string): number[] | undefined {
  const dotted = /^(.*:)([0-9.]+\.[0-9.]+)$/.exec(text)
  const tail = dotted === null ? [] : parse4(dotted[2] ?? '')
  if (tail === undefined) return undefined
  const groups = dotted === null ? text : (dotted[1] ?? '').replace(/([^:]):$/, '$1')
  const halves = groups.split('::')
  if (halves.length > 2) return undefined
  const [head, rest] = halves.map(bytesOfGroups)
  if (head === undefined || (halves.length === 2 && rest === undefined)) return undefined
  const known = head.length + (rest?.length ?? 0) + tail.length
  if (halves.length === 1) return known === 16 ? [...head, ...tail] : undefined
  return known <= 14 ? [...head, ...Array<number>(16 - known).fill(0), ...(rest ?? []), ...tail] : undefined
}

function bytesOfGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}
