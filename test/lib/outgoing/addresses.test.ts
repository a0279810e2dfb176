import { describe, expect, it } from 'vitest'
import { type AddressKind, addressKind, refusal } from '../../../lib/outgoing/addresses.ts'

const kinds: Record<AddressKind, string[]> = {
  forbidden: [
    '169.254.0.0',
    '169.254.169.254',
    '169.254.255.255',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'febf:ffff::1',
    'fec0::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fd00:42::42',
    '::',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:FFFF:A9FE:A9FE',
    '::ffff:0:169.254.169.254',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    '2001:0:0:0:0:0:5601:5601',
  ],
  local: [
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.255',
    '172.16.0.0',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '203.0.113.5',
    '240.0.0.1',
    '::1',
    'fc00::1',
    'fdff::1',
    '2001:db8::1',
    '1fff::1',
    '4000::1',
    '::ffff:127.0.0.1',
    '::ffff:10.1.2.3',
    '64:ff9b::192.168.0.1',
  ],
  public: [
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.169.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2000::',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ],
}

describe('the kind of an address', () => {
  for (const [kind, addresses] of Object.entries(kinds)) {
    it.each(addresses)(`of %s is ${kind}`, (address) => {
      expect(addressKind(address)).toBe(kind)
    })
  }

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    '1::2::3',
    '12345::',
    ':::',
    '1:2:3:4:5:6:7',
  ])('does not exist for %j', (text) => {
    expect(addressKind(text)).toBeUndefined()
  })
})

describe('who may call what', () => {
  const allowedHosts = ['hooks.internal']
  const rows = [
    ['settings', 'hook', '8.8.8.8', true],
    ['settings', 'hook', '10.0.0.1', true],
    ['settings', 'localhost', '127.0.0.1', true],
    ['settings', 'localhost', '::1', true],
    ['settings', 'hook', '169.254.1.1', false],
    ['settings', 'hook', '::ffff:169.254.169.254', false],
    ['api', 'hook', '8.8.8.8', true],
    ['api', 'hook', '10.0.0.1', false],
    ['api', 'localhost', '127.0.0.1', false],
    ['api', 'localhost', '::1', false],
    ['api', 'hooks.internal', '10.0.0.1', true],
    ['api', 'hooks.internal', '169.254.169.254', false],
    ['api', 'other.internal', '10.0.0.1', false],
  ] as const

  it.each(rows)('a URL from the %s with host %s at %s: %s', (origin, host, address, passes) => {
    expect(refusal({ origin, allowedHosts }, host, address) === undefined).toBe(passes)
  })
})
