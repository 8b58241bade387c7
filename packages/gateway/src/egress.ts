import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { GatewayError } from '@sallyport/core'
import { Pool } from 'undici'

/** Ranges no tool server or key endpoint may resolve to unless the configuration allows private networks. */
const PRIVATE = blockList([
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15],
  ['fc00::', 7], ['fec0::', 10], ['::', 96], ['64:ff9b::', 96], ['64:ff9b:1::', 48],
]) // prettier-ignore
/** Cloud metadata, multicast and reserved ranges: never a tool server. */
const NEVER = blockList([
  ['169.254.0.0', 16], ['224.0.0.0', 4], ['240.0.0.0', 4], ['fe80::', 10], ['ff00::', 8], ['fd00:ec2::', 32], ['::', 128],
  // IPv4 in IPv6 clothes: link-local behind NAT64 and as a compatible address; the tunnels 6to4 and Teredo altogether.
  ['64:ff9b::a9fe:0', 112], ['::a9fe:0', 112], ['2002::', 16], ['2001::', 32],
]) // prettier-ignore
const LOOPBACK = blockList([
  ['127.0.0.0', 8],
  ['::1', 128],
])

const CONNECTIONS_MAX = 128
const CONNECT_MS = 5_000

/** Whether the gateway may connect to an address. IPv4-mapped IPv6 counts as the IPv4 address it carries. */
export function addressAllowed(address: string, allowPrivateNetwork: boolean): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(plain) === 0 || NEVER.check(plain, family)) return false
  if (LOOPBACK.check(plain, family)) return true
  return allowPrivateNetwork || !PRIVATE.check(plain, family)
}

/**
 * Opens a pool to one origin. Each connection resolves the name itself, refuses addresses out of bounds and connects to the very
 * address it checked, so a name cannot change between check and use. Redirects are never followed.
 * @param url Plain http only to loopback; the caller has checked.
 * @param trust Certificates (PEM) to trust instead of the system's.
 */
export function openPool(url: URL, allowPrivateNetwork: boolean, trust?: { readonly ca?: string | undefined }): Pool {
  requireAllowed(url.hostname, allowPrivateNetwork)
  return new Pool(url.origin, {
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    maxResponseSize: -1,
    connect: {
      timeout: CONNECT_MS,
      ...(trust?.ca !== undefined && { ca: trust.ca }),
      lookup: checkedLookup(allowPrivateNetwork),
    },
  })
}

/** @throws GatewayError `CONFIG_INSECURE` when a host is an address out of bounds. A name is looked at when it is resolved. */
export function requireAllowed(host: string, allowPrivateNetwork: boolean): void {
  const literal = host.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !addressAllowed(literal, allowPrivateNetwork)) {
    throw new GatewayError(
      'CONFIG_INSECURE',
      'the address is private, link-local or reserved; set allowPrivateNetwork if that is meant',
    )
  }
}

/** Resolves a name for one connection to an address that may be dialled, for whatever opens the connection. */
export function checkedLookup(allowPrivateNetwork: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = (addresses ?? []).filter(({ address }) => addressAllowed(address, allowPrivateNetwork))
      const first = allowed[0]
      if (error || !first)
        return callback(error ?? new GatewayError('UPSTREAM_UNAVAILABLE', 'the name resolves to no allowed address'), [])
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function blockList(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, address.includes(':') ? 'ipv6' : 'ipv4')
  return list
}
