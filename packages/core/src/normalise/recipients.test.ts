import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../model/json.ts'
import { hosts } from './fixtures/hosts.ts'
import { findRecipients } from './recipients.ts'

const read = (args: JsonObject) => {
  const found = findRecipients(args, hosts)
  return found.ok ? found.recipients.map(({ host }) => host) : `unparseable ${found.path}`
}

describe('R031: what has one reading is read', () => {
  test.each<[string, JsonObject, string[]]>([
    ['a plain address', { to: 'x@company.com' }, ['company.com']],
    ['upper case', { to: 'X@COMPANY.COM' }, ['company.com']],
    ['blanks around it', { to: ' x@company.com ' }, ['company.com']],
    ['a display name', { to: 'Alice Doe <a@company.com>' }, ['company.com']],
    ['a quoted display name with a comma', { to: '"Doe, Alice" <a@company.com>' }, ['company.com']],
    ['a list with commas', { to: 'a@company.com, b@evil.io' }, ['company.com', 'evil.io']],
    ['a list with semicolons', { to: 'a@company.com;b@evil.io;' }, ['company.com', 'evil.io']],
    ['an array', { cc: ['a@company.com', 'b@evil.io'] }, ['company.com', 'evil.io']],
    ['an object inside a recipient field', { to: [{ name: 'Bob', email: 'b@evil.io' }] }, ['evil.io']],
    ['recipients as keys', { recipients: { 'b@evil.io': 'to' } }, ['evil.io']],
    ['bcc in a nested object', { options: { headers: { Bcc: 'b@evil.io' } } }, ['evil.io']],
    [
      'camel, snake, kebab and upper case',
      { replyTo: 'a@a.io', reply_to: 'b@b.io', 'Reply-To': 'c@c.io', REPLY_TO: 'd@d.io' },
      ['a.io', 'b.io', 'c.io', 'd.io'],
    ],
    ['an address in a field of another name', { note: 'b@evil.io' }, ['evil.io']],
    ['a named address in a field of another name', { note: 'Bob <b@evil.io>' }, ['evil.io']],
    ['a list in a field of another name', { note: 'a@company.com b@evil.io'.replace(' ', ', ') }, ['company.com', 'evil.io']],
    ['a URL', { url: 'https://api.company.com:8443/v1?x=1#y' }, ['api.company.com']],
    ['a URL in a field of another name', { note: 'https://evil.io/collect' }, ['evil.io']],
    ['an at sign in a path', { url: 'https://company.com/@user' }, ['company.com']],
    ['a bare host in a host field', { endpoint: 'evil.io:443' }, ['evil.io']],
    [
      'a mailto URL with cc and bcc',
      { link: 'mailto:a@company.com?cc=b@evil.io&bcc=c@evil.org&subject=x' },
      ['company.com', 'evil.io', 'evil.org'],
    ],
    ['an international domain', { to: 'x@bücher.example' }, ['xn--bcher-kva.example']],
    ['nothing', { to: '', cc: null, bcc: [], body: 'write to me', subject: 'Re: hello', time: '12:30' }, []],
    ['prose that mentions an address', { body: 'please write to bob@evil.io about it' }, []],
    ['a handle', { body: '@bob' }, []],
  ])('%s', (_, args, expected) => expect(read(args)).toEqual(expected))
})

const UNPARSEABLE: [string, JsonObject][] = [
  ['a quoted local part with an address in it', { to: '"a@company.com"@evil.io' }],
  ['a quoted local part', { to: '"a b"@company.com' }],
  ['a comment', { to: 'a(evil@evil.io)@company.com' }],
  ['a comment behind', { to: 'a@company.com (b@evil.io)' }],
  ['a group', { to: 'friends: a@company.com, b@evil.io;' }],
  ['a percent path', { to: 'b%evil.io@company.com' }],
  ['a bang path', { to: 'evil.io!b@company.com' }],
  ['a source route', { to: '<@evil.io:b@company.com>' }],
  ['two at signs', { to: 'b@evil.io@company.com' }],
  ['an address as display name', { to: '"b@evil.io" <a@company.com>' }],
  ['an unquoted address as display name', { to: 'b@evil.io <a@company.com>' }],
  ['two angle brackets', { to: '<a@company.com><b@evil.io>' }],
  ['text behind the bracket', { to: 'A <a@company.com> b@evil.io' }],
  ['a line break (header injection)', { to: 'a@company.com\nBcc: b@evil.io' }],
  ['a carriage return', { to: 'a@company.com\rb@evil.io' }],
  ['a null character', { to: 'b@evil.io\u0000@company.com' }],
  ['a tab', { to: 'a@company.com\tb@evil.io' }],
  ['a zero-width space', { to: 'a@company.com\u200b.evil.io' }],
  ['a no-break space', { to: 'a@company.com\u00a0b@evil.io' }],
  ['an ideographic space', { to: 'a@company.com\u3000' }],
  ['a backslash', { to: 'a\\@evil.io@company.com' }],
  ['a full-width at sign', { to: 'b＠evil.io' }],
  ['a full-width at sign in another field', { note: 'b＠evil.io' }],
  ['a trailing dot', { to: 'a@company.com.' }],
  ['an empty label', { to: 'a@company..com' }],
  ['full-width letters that IDNA maps to a plain domain', { to: 'a@ｃompany.com' }],
  ['an ideographic full stop in a plain domain', { to: 'a@company。com' }],
  ['a soft hyphen', { to: 'a@com\u00adpany.com' }],
  ['a character IDNA 2003 and 2008 read differently', { to: 'a@straße.example' }],
  ['a full-width slash', { to: 'a@evil.io／.company.com' }],
  ['an address literal', { to: 'a@[192.0.2.1]' }],
  ['an IPv4 address', { to: 'a@192.0.2.1' }],
  ['an open quote', { to: '"a@company.com' }],
  ['no domain', { to: 'bob' }],
  ['no local part', { to: '@evil.io' }],
  ['a number', { to: 42 }],
  ['JSON in a text', { to: '["b@evil.io"]' }],
  ['a non-ASCII local part', { to: 'ä@company.com' }],
  ['a pipe', { to: '|cmd@company.com' }],
  ['encoded words as a display name', { to: '=?utf-8?q?b=40evil.io?= <a@company.com>' }],
  ['a user name in a URL', { url: 'https://company.com@evil.io/' }],
  ['an at sign behind the query', { url: 'https://company.com?@evil.io/' }],
  ['an at sign behind the fragment', { url: 'https://company.com#@evil.io/' }],
  ['a backslash in a URL', { url: 'https://evil.io\\@company.com/' }],
  ['a backslash for a slash', { url: 'https:\\\\evil.io' }],
  ['a single slash', { url: 'https:/evil.io' }],
  ['no slash', { url: 'https:evil.io' }],
  ['three slashes', { url: 'https:///evil.io' }],
  ['a host without scheme', { note: '//evil.io/x' }],
  ['a Windows share', { path: '\\\\evil.io\\share' }],
  ['a blank in front of a URL', { note: ' https://evil.io' }],
  ['a tab inside a URL', { url: 'https://ev\til.io' }],
  ['a line break inside a URL', { note: 'https://company.com\n.evil.io' }],
  ['a percent-encoded host', { url: 'https://%65vil.io/' }],
  ['an IPv4 URL', { url: 'http://192.0.2.1/' }],
  ['a decimal address', { url: 'http://3221225985/' }],
  ['a hexadecimal address', { url: 'http://0xC0000201/' }],
  ['an IPv6 URL', { url: 'http://[2001:db8::1]/' }],
  ['a full-width digit address', { url: 'http://１９２.0.2.1/' }],
  ['another scheme', { url: 'ftp://company.com/' }],
  ['a scheme of its own', { note: 'evil+https://company.com' }],
  ['a file', { url: 'file:///etc/passwd' }],
  ['inline content', { href: 'data:text/html,x' }],
  ['a script', { href: 'javascript:fetch(1)' }],
  ['a telephone number', { link: 'tel:+123456' }],
  ['an encoded comma in mailto', { link: 'mailto:a@company.com%2Cb@evil.io' }],
  ['an encoded header name in mailto', { link: 'mailto:a@company.com?%62cc=b@evil.io' }],
  ['an unknown header in mailto', { link: 'mailto:a@company.com?x-forward=b@evil.io' }],
  ['a relative URL', { url: '/orders/7' }],
  ['a git address', { note: 'git@evil.io:x/y.git' }],
]

describe('R031: what has two readings is refused', () => {
  test.each(UNPARSEABLE)('%s', (_, args) => expect(read(args)).toMatch(/^unparseable \//))
  test('the path says where', () => expect(read({ mail: { cc: ['a@company.com', 'bob'] } })).toBe('unparseable /mail/cc/1'))
  test('a URL that the platform reads differently is refused', () => {
    const url = 'https://company.com/'
    expect(findRecipients({ url }, { ...hosts, urlHost: () => 'evil.io' })).toEqual({ ok: false, path: '/url' })
    expect(findRecipients({ url }, hosts).ok).toBe(true)
  })
  test('every row but the control would be read if it were plain', () =>
    expect(read({ to: 'a@company.com' })).toEqual(['company.com']))
})
