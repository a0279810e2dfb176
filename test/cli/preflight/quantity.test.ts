import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  binaryText,
  ceilDivide,
  decimalText,
  isBytes,
  isCpu,
  parseQuantity,
  quantityText,
  readable,
} from '../../../cli/preflight/quantity.ts'
import { q } from '../../support/kube-objects.ts'

const ONE = 1_000_000_000n

test.each([
  ['0', 0n],
  ['1', ONE],
  ['250m', 250_000_000n],
  ['0.25', 250_000_000n],
  ['.5', ONE / 2n],
  ['5.', 5n * ONE],
  ['1.5', 1_500_000_000n],
  ['+2', 2n * ONE],
  ['-1', -ONE],
  ['7u', 7000n],
  ['7n', 7n],
  ['0.1n', 1n],
  ['1k', 1000n * ONE],
  ['1M', 1_000_000n * ONE],
  ['1G', ONE * ONE],
  ['1Ki', 1024n * ONE],
  ['64Mi', 67_108_864n * ONE],
  ['1.5Gi', 1_610_612_736n * ONE],
  ['0.5Ki', 512n * ONE],
  ['1e3', 1000n * ONE],
  ['1E3', 1000n * ONE],
  ['12e-1', 1_200_000_000n],
  ['1E', ONE * ONE * ONE],
  ['1Ei', 1024n ** 6n * ONE],
])('%s is read exactly', (text, value) => {
  expect(parseQuantity(text)).toBe(value)
})

test('a plain number of YAML is a quantity', () => {
  expect([parseQuantity(2), parseQuantity(0.5)]).toEqual([2n * ONE, ONE / 2n])
})

test.each(['', 'm', 'cpu', '1 Gi', '1mi', '1KI', '1.2.3', '1e', '--1', '1Gi2', 'NaN'])('%j is no quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined()
})

test.each([
  ['1000m', '1'],
  ['0.765', '765m'],
  ['3000m', '3'],
  ['1.5m', '1500u'],
  ['1n', '1n'],
])('%s of a core is written as %s', (text, written) => {
  expect(decimalText(q(text))).toBe(written)
})

test.each([
  ['1024Mi', '1Gi'],
  ['1632Mi', '1632Mi'],
  ['1000', '1000'],
  ['1023Ki', '1023Ki'],
  ['0', '0'],
])('%s bytes are written as %s', (text, written) => {
  expect(binaryText(q(text))).toBe(written)
})

test('what is written is read back as the same', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (value) => {
      expect(parseQuantity(decimalText(value))).toBe(value)
      expect(parseQuantity(binaryText(value))).toBe(value)
    }),
  )
})

test.each([
  ['cpu', '960m', '0.96 vCPU'],
  ['requests.cpu', '1', '1 vCPU'],
  ['limits.cpu', '1m', '0.01 vCPU'],
  ['memory', '64Mi', '64 MiB'],
  ['requests.memory', '1609Mi', '1.58 GiB'],
  ['requests.storage', '0', '0 GiB'],
  ['pods', '12', '12'],
])('%s of %s is told as %s: never less than it is', (resource, text, told) => {
  expect(readable(resource, q(text))).toBe(told)
})

test.each([
  ['memory', true],
  ['requests.memory', true],
  ['fast.storageclass.storage.k8s.io/requests.storage', true],
  ['limits.ephemeral-storage', true],
  ['hugepages-2Mi', true],
  ['cpu', false],
  ['count/pods', false],
])('%s: bytes %s', (resource, bytes) => {
  expect(isBytes(resource)).toBe(bytes)
})

test('CPU is known by its name, and every resource is written in its own way', () => {
  expect(['cpu', 'limits.cpu', 'memory', 'gpu'].map(isCpu)).toEqual([true, true, false, false])
  expect([quantityText('requests.memory', q('1Gi')), quantityText('requests.cpu', q('0.5'))]).toEqual(['1Gi', '500m'])
})

test('division rounds up', () => {
  expect([ceilDivide(10n, 5n), ceilDivide(11n, 5n), ceilDivide(0n, 5n)]).toEqual([2n, 3n, 0n])
})
