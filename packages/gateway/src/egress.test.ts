import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { addressAllowed, openPool } from './egress.ts'

const dns = vi.hoisted(() => ({ answers: [] as { address: string; family: number }[][], asked: 0 }))
vi.mock('node:dns', () => ({
  lookup: (_name: string, _options: object, callback: (error: Error | null, addresses: object[]) => void) => {
    dns.asked++
    const answer = dns.answers.length > 1 ? dns.answers.shift() : dns.answers[0]
    setImmediate(() => (answer ? callback(null, answer) : callback(new Error('no such name'), [])))
  },
}))
afterEach(() => {
  dns.answers = []
  dns.asked = 0
})

describe('addresses', () => {
  test.each<[string, boolean, boolean, string]>([
    ['93.184.215.14', true, true, 'a public address'],
    ['2606:2800:21f:cb07::1', true, true, 'a public address'],
    ['127.0.0.1', true, true, 'loopback'],
    ['127.255.255.254', true, true, 'loopback'],
    ['::1', true, true, 'loopback'],
    ['::ffff:127.0.0.1', true, true, 'loopback as IPv6'],
    ['::ffff:7f00:1', true, true, 'the same in hex'],
    ['10.0.0.1', false, true, 'private'],
    ['172.16.0.1', false, true, 'private'],
    ['172.31.255.255', false, true, 'private'],
    ['172.32.0.1', true, true, 'just outside'],
    ['192.168.1.1', false, true, 'private'],
    ['100.64.0.1', false, true, 'carrier NAT'],
    ['198.18.0.1', false, true, 'benchmarks'],
    ['0.0.0.0', false, true, 'this host'],
    ['fd12:3456::1', false, true, 'unique local'],
    ['fec0::1', false, true, 'site local'],
    ['::ffff:10.0.0.1', false, true, 'private as IPv6'],
    ['::ffff:a00:1', false, true, 'the same in hex'],
    ['0:0:0:0:0:ffff:c0a8:0101', false, true, 'the same spelt out'],
    ['::10.0.0.1', false, true, 'private as a compatible address'],
    ['64:ff9b::a00:1', false, true, 'private behind NAT64'],
    ['169.254.169.254', false, false, 'cloud metadata'],
    ['::ffff:169.254.169.254', false, false, 'cloud metadata as IPv6'],
    ['::ffff:a9fe:a9fe', false, false, 'the same in hex'],
    ['::169.254.169.254', false, false, 'as a compatible address'],
    ['64:ff9b::a9fe:a9fe', false, false, 'behind NAT64'],
    ['2002:a9fe:a9fe::1', false, false, 'through 6to4'],
    ['fd00:ec2::254', false, false, 'cloud metadata'],
    ['fe80::1', false, false, 'link-local'],
    ['fe80::1%eth0', false, false, 'link-local with a zone'],
    ['224.0.0.1', false, false, 'multicast'],
    ['ff02::1', false, false, 'multicast'],
    ['255.255.255.255', false, false, 'broadcast'],
    ['::', false, false, 'unspecified'],
    ['localhost', false, false, 'a name is no address'],
    ['', false, false, 'nothing'],
    ['127.1', false, false, 'a short form'],
  ])('%s: allowed %s, with private networks %s (%s)', (address, byDefault, withPrivate) => {
    expect(addressAllowed(address, false)).toBe(byDefault)
    expect(addressAllowed(address, true)).toBe(withPrivate)
  })
})

describe('a literal address in a URL is checked when the pool opens', () => {
  test.each([
    'http://169.254.169.254/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://10.0.0.1/',
    'http://0xa000001/',
    'http://2852039166/',
    'http://0251.0376.0251.0376/',
  ])('%s', (url) => {
    expect(() => openPool(new URL(url), false)).toThrow(expect.objectContaining({ code: 'CONFIG_INSECURE' }))
  })
  test('private ones open where the configuration allows them, metadata never', async () => {
    await openPool(new URL('http://10.0.0.1/'), true).destroy()
    expect(() => openPool(new URL('http://169.254.169.254/'), true)).toThrow()
  })
})

describe('a name', () => {
  async function statusOf(hostname: string): Promise<number | string> {
    const server = createServer((_request, response) => response.writeHead(307, { location: 'http://169.254.169.254/' }).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const pool = openPool(new URL(`http://${hostname}:${(server.address() as AddressInfo).port}`), false)
    try {
      const response = await pool.request({ method: 'GET', path: '/' })
      await response.body.dump()
      return response.statusCode
    } catch (error) {
      return (error as { code?: string }).code ?? (error as Error).message
    } finally {
      await pool.destroy()
      server.closeAllConnections()
      server.close()
    }
  }

  test.each([
    [[{ address: '169.254.169.254', family: 4 }], 'metadata'],
    [
      [
        { address: '10.1.2.3', family: 4 },
        { address: 'fe80::1', family: 6 },
      ],
      'only addresses out of bounds',
    ],
    [[], 'nothing'],
  ])('that resolves to %j is not connected to (%s)', async (answer) => {
    dns.answers = [answer]
    expect(await statusOf('tools.example')).toBe('UPSTREAM_UNAVAILABLE')
  })

  test('with one address in bounds is connected to there, and a redirect is not followed', async () => {
    dns.answers = [[{ address: '10.1.2.3', family: 4 }, { address: '127.0.0.1', family: 4 }]] // prettier-ignore
    expect(await statusOf('tools.example')).toBe(307)
  })

  test('that changes its mind after the check changes nothing: it is asked once per connection', async () => {
    dns.answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '169.254.169.254', family: 4 }]]
    expect(await statusOf('tools.example')).toBe(307)
    expect(dns.asked).toBe(1)
  })
})
