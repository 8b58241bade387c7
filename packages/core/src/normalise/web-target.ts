/** Longest URL read, in UTF-16 units; the rest is cut off. */
export const TARGET_UNITS_MAX = 8_192

/** Where a URL leads, read as the most lenient program would. */
export interface WebTarget {
  /** Lower case, without the colon; empty for `//host`. */
  readonly scheme: string
  /** Lower case, NFKC, percent-decoded, without a trailing dot; an IPv4 address in four decimal parts, IPv6 in brackets. */
  readonly host: string
  readonly isAddress: boolean
  /** Whether an IPv4 address is written in any other way than four decimal parts. */
  readonly isOddAddress: boolean
  /** User name and password, as written. */
  readonly userinfo: string
  /** Path, query and fragment as written, without `?` and `#`. */
  readonly path: string
  readonly query: string
  readonly fragment: string
}

/**
 * Reads an absolute or protocol-relative web URL as loosely as browsers and renderers do: blanks and control characters around it,
 * line ends and tabs within, backslashes for slashes, any number of slashes, user names, percent-encoded and full-width hosts,
 * IPv4 in decimal, octal and hex. `undefined` when it leads to no host: a relative path, another scheme. This is for finding where
 * something may be sent; what may be dialled is read strictly (`urls.ts`).
 * @see WHATWG URL, sections 3.5 and 4.4
 */
export function webTarget(raw: string): WebTarget | undefined {
  // oxlint-disable-next-line no-control-regex -- what a URL parser takes away
  const text = raw.slice(0, TARGET_UNITS_MAX).replaceAll(/^[\u0000-\u0020]{1,64}|[\t\n\r]/g, '')
  const lead = /^(?:(https?|wss?|ftp):[/\\]{0,64}|[/\\]{2,64})/i.exec(text)
  if (lead === null) return undefined
  const rest = text.slice(lead[0].length)
  const stop = rest.search(/[/\\?#]/)
  const authority = stop < 0 ? rest : rest.slice(0, stop)
  const tail = stop < 0 ? '' : rest.slice(stop)
  const at = authority.lastIndexOf('@')
  const host = readLooseHost(authority.slice(at + 1))
  if (host.host === '') return undefined
  const hash = tail.indexOf('#')
  const beforeHash = hash < 0 ? tail : tail.slice(0, hash)
  const mark = beforeHash.indexOf('?')
  return {
    scheme: lead[1]?.toLowerCase() ?? '',
    ...host,
    userinfo: at < 0 ? '' : authority.slice(0, at),
    path: mark < 0 ? beforeHash : beforeHash.slice(0, mark),
    query: mark < 0 ? '' : beforeHash.slice(mark + 1),
    fragment: hash < 0 ? '' : tail.slice(hash + 1),
  }
}

/** Percent-decoding that keeps what is not valid. Bytes beyond ASCII become one unit each. */
export function percentDecoded(text: string): string {
  return text.includes('%')
    ? text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text
}

/** A host with or without a port. */
export function readLooseHost(text: string): Pick<WebTarget, 'host' | 'isAddress' | 'isOddAddress'> {
  const decoded = percentDecoded(text.trim())
  if (decoded.startsWith('[')) {
    return { host: decoded.slice(0, decoded.indexOf(']') + 1).toLowerCase(), isAddress: true, isOddAddress: false }
  }
  const host = decoded
    .replace(/:\d{0,5}$/, '')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, '')
    .replaceAll(/[\u3002\uff0e\uff61]/g, '.')
    .replace(/\.$/, '')
  const address = readIpv4(host)
  if (address === undefined) return { host, isAddress: false, isOddAddress: false }
  return { host: address, isAddress: true, isOddAddress: address !== host }
}

/** An IPv4 address in any notation that `inet_aton` knows, as four decimal parts. */
function readIpv4(host: string): string | undefined {
  const parts = host.split('.')
  if (parts.length > 4 || !/^(?:\d{1,16}|0x[0-9a-f]{0,12})$/.test(parts.at(-1) ?? '')) return undefined
  const values = parts.map(readPart)
  const last = values.pop() ?? Number.NaN
  if (values.some((value) => !(value < 256)) || !(last < 256 ** (4 - values.length))) return undefined
  const whole = values.reduce((sum, value, index) => sum + value * 256 ** (3 - index), last)
  return [24, 16, 8, 0].map((bits) => Math.floor(whole / 2 ** bits) % 256).join('.')
}

function readPart(part: string): number {
  if (/^0x[0-9a-f]{0,12}$/.test(part)) return part === '0x' ? 0 : Number.parseInt(part, 16)
  if (/^0[0-7]{1,16}$/.test(part)) return Number.parseInt(part, 8)
  return /^\d{1,16}$/.test(part) ? Number(part) : Number.NaN
}
