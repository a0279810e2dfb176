import { describe, expect, test } from 'vitest'
import { assertKeyed, createKeyCheck, isLoopback } from '../../../lib/http/auth.ts'

describe('the key check', () => {
  const isKey = createKeyCheck('right')
  test.each([
    ['Bearer right', true],
    ['bearer right', true],
    ['Bearer   right ', true],
    ['Bearer wrong', false],
    ['Bearer righ', false],
    ['Bearer rightt', false],
    ['Bearer right right', false],
    ['Basic right', false],
    ['right', false],
    ['Bearer ', false],
    ['', false],
    [undefined, false],
  ])('%j is the key: %s', (header, expected) => {
    expect(isKey(header)).toBe(expected)
  })

  test('without a key nobody is let in, not even with an empty one', () => {
    const nobody = createKeyCheck(undefined)
    expect([nobody('Bearer '), nobody('Bearer undefined'), nobody(undefined)]).toEqual([false, false, false])
  })
})

describe('listening', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['128.0.0.1', false],
    ['127.0.0.1.example.org', false],
  ])('%s is loopback: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })

  test('beyond loopback needs a key', () => {
    expect(() => assertKeyed('0.0.0.0', undefined)).toThrow(expect.objectContaining({ code: 'http.unkeyed' }))
    expect(() => assertKeyed('0.0.0.0', 'key')).not.toThrow()
    expect(() => assertKeyed('127.0.0.1', undefined)).not.toThrow()
  })
})
