import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hosts } from './fixtures/hosts.ts'
import { hostList } from './host-list.ts'
import { webTarget } from './web-target.ts'

describe('R079: where a URL leads, however it is written', () => {
  test.each([
    ['https://example.com/a?b=c#d', 'example.com'],
    ['HTTPS://EXAMPLE.COM', 'example.com'],
    ['//example.com/a', 'example.com'],
    ['\\\\example.com\\a', 'example.com'],
    ['https:\\\\example.com', 'example.com'],
    ['https:/example.com', 'example.com'],
    ['https:example.com', 'example.com'],
    ['https://///example.com', 'example.com'],
    [' \n https://example.com', 'example.com'],
    ['ht\ttps://exa\nmple.com', 'example.com'],
    ['https://example.com:8443/', 'example.com'],
    ['https://example.com./', 'example.com'],
    ['https://user:password@example.com/', 'example.com'],
    ['https://other.net@example.com/', 'example.com'],
    ['https://other.net\\@example.com/', 'other.net'],
    ['https://other.net/@example.com/', 'other.net'],
    ['https://other.net?@example.com/', 'other.net'],
    ['https://a@b@example.com/', 'example.com'],
    ['https://ｅｘａｍｐｌｅ.com/', 'example.com'],
    ['https://example。com/', 'example.com'],
    ['https://exam\u00adple.com/', 'example.com'],
    ['https://%65xample%2ecom/', 'example.com'],
    ['http://203.0.113.7/', '203.0.113.7'],
    ['http://3405803783/', '203.0.113.7'],
    ['http://0xcb007107/', '203.0.113.7'],
    ['http://0313.0.0161.07/', '203.0.113.7'],
    ['http://203.0.28935/', '203.0.113.7'],
    ['http://203.28935/', '203.0.113.7'],
    ['http://0xcb.0.0x71.7/', '203.0.113.7'],
    ['http://[2001:DB8::7]:80/', '[2001:db8::7]'],
  ])('%j', (url, host) => expect(webTarget(url)?.host).toBe(host))
  test.each(['', 'a/b', '/a', 'mailto:a@b.c', 'javascript:x', 'data:,x', 'https://', '//', '#a', 'C:\\a'])(
    '%j leads nowhere',
    (url) => {
      expect(webTarget(url)).toBeUndefined()
    },
  )
  test('odd notations are told', () => {
    expect(webTarget('http://3405803783/')).toMatchObject({ isAddress: true, isOddAddress: true })
    expect(webTarget('http://203.0.113.7/')).toMatchObject({ isAddress: true, isOddAddress: false })
    expect(webTarget('http://256.1.1.1.com/')).toMatchObject({ isAddress: false })
  })
  test('its parts', () =>
    expect(webTarget('https://u:p@h.net/a/b?c=d?e#f?g')).toMatchObject({
      userinfo: 'u:p',
      path: '/a/b',
      query: 'c=d?e',
      fragment: 'f?g',
    }))
  test('whatever the platform reads, this reads alike', () => {
    const piece = fc.constantFrom('a', 'b.c', '.', '@', ':', '80', '/', '\\', '?', '#', '0x7f', '1', '%61', 'A', '-', '。')
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('http://', 'https:\\\\', 'HTTP:/'),
        (pieces, lead) => {
          const platform = hosts.urlHost(`${lead}${pieces.join('')}`)
          if (platform !== undefined && platform !== '' && platform !== '.')
            expect(webTarget(`${lead}${pieces.join('')}`)?.host).toBe(platform.replace(/\.$/, ''))
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('R079: a list of hosts', () => {
  const allowed = hostList(['Example.com', '*.shop.example', '203.0.113.7', '[::1]', 'xn--mnchen-3ya.example'])
  test.each(['example.com', 'a.shop.example', 'a.b.shop.example', '203.0.113.7', '[::1]', 'xn--mnchen-3ya.example'])(
    '%s is allowed',
    (host) => expect(allowed(host)).toBe(true),
  )
  test.each([
    'a.example.com',
    'shop.example',
    'badshop.example',
    'example.com.net',
    'xample.com',
    'com',
    '',
    '203.0.113.70',
    'münchen.example',
  ])('%s is not', (host) => expect(allowed(host)).toBe(false))
  test('an empty list allows nothing', () => expect(hostList([])('example.com')).toBe(false))
})
