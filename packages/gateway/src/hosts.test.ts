import { expect, test } from 'vitest'
import { hosts } from './hosts.ts'

test.each([
  ['company.com', 'company.com'],
  ['BÜCHER.example', 'xn--bcher-kva.example'],
  ['a b', undefined],
])('R031: %s in ASCII is %s', (domain, ascii) => expect(hosts.toAscii(domain)).toBe(ascii))

test.each([
  ['https://Company.com:8443/x', 'company.com'],
  ['https://company.com@evil.io/', 'evil.io'],
  ['http://3221225985/', '192.0.2.1'],
  ['not a url', undefined],
])('R031: the host of %s is %s', (url, host) => expect(hosts.urlHost(url)).toBe(host))
