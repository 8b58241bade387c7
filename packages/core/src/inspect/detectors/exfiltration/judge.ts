import type { HostList } from '../../../normalise/host-list.ts'
import { percentDecoded, readLooseHost, webTarget } from '../../../normalise/web-target.ts'
import type { Sighting } from '../../define-detector.ts'
import { hasEncodedLabels } from './dns-labels.ts'
import { payloadOf } from './payload.ts'
import type { Reference } from './reference.ts'

/** Where the text goes: `out`, to a tool or a person; `in`, into the agent's context. */
export type Direction = 'in' | 'out'

/**
 * What a reference gives away. A host on the list gives nothing away. What is fetched by itself is `high` on the way out whatever
 * it carries, since the look-up alone tells something. On the way in mail and pages are full of pictures that count their readers:
 * these are `low`, `medium` when they carry a lot, and `high` where a place is left for the agent to fill in.
 */
export function judge(reference: Reference, allowed: HostList, direction: Direction): Sighting | undefined {
  const { kind, start, end } = reference
  const active = activeContent(reference)
  if (active)
    return direction === 'out' || active === 'high'
      ? { code: 'active_content', severity: direction === 'out' ? 'high' : 'medium', start, end }
      : undefined
  // oxlint-disable-next-line no-control-regex -- what a URL parser takes away
  if (/^[\u0000-\u0020]{0,16}mailto:/i.test(reference.url)) return judgeMail(reference, allowed, direction)
  const target = webTarget(reference.url)
  if (!target || allowed(target.host)) return undefined
  if (hasEncodedLabels(target.host)) return { code: 'dns_label', severity: direction === 'out' ? 'high' : 'medium', start, end }
  const payload = payloadOf(target)
  const isOut = direction === 'out'
  // A user name that looks like a host, an address written to look like a number: made to be misread.
  const isDeceptive = target.isOddAddress || /[\w-]\.[a-z]{2}/i.test(percentDecoded(target.userinfo))
  if (kind === 'link') {
    const code = payload === 'none' || payload === 'slot' ? 'foreign_host' : 'link_with_payload'
    if (isDeceptive) return { code, severity: isOut ? 'high' : 'medium', start, end }
    if (!isOut) return payload === 'much' || payload === 'slot' ? { code, severity: 'low', start, end } : undefined
    const isRemoteAddress = target.isAddress && !/^(?:127\.|0\.0\.0\.0$|\[::1\]$)/.test(target.host)
    const severity = payload === 'much' ? 'high' : payload === 'some' || isRemoteAddress ? 'medium' : 'low'
    return { code, severity, start, end }
  }
  if (kind === 'form') {
    if (!isOut) return undefined
    return { code: 'html_fetch', severity: payload === 'much' ? 'high' : 'medium', start, end }
  }
  const inbound = payload === 'slot' ? 'high' : payload === 'much' || isDeceptive ? 'medium' : 'low'
  return { code: kind, severity: isOut ? 'high' : inbound, start, end }
}

/** Documents and scripts in the address itself. Pictures in it run nothing. */
function activeContent({ kind, url }: Reference): 'high' | 'low' | undefined {
  const plain = url
    .slice(0, 256)
    // oxlint-disable-next-line no-control-regex -- what a URL parser takes away
    .replaceAll(/[\u0000-\u0020]/g, '')
    .toLowerCase()
  if (/^(?:javascript|vbscript|livescript):./.test(plain)) return 'high'
  const type = /^data:([a-z0-9.+/-]{0,60})/.exec(plain)?.[1]
  if (
    type === undefined ||
    !/^(?:text\/(?:html|xml|javascript)|application\/(?:xhtml\+xml|xml|javascript)|image\/svg\+xml)$/.test(type)
  )
    return undefined
  if (type === 'image/svg+xml') return kind === 'link' ? 'low' : undefined
  return 'high'
}

function judgeMail({ url, start, end }: Reference, allowed: HostList, direction: Direction): Sighting | undefined {
  const mark = url.indexOf('?')
  const body = mark < 0 ? undefined : /(?:^|&)body=([^&]{1,8000})/i.exec(url.slice(mark + 1))?.[1]
  if (body === undefined || direction === 'in') return undefined
  const address = percentDecoded(url.slice(url.indexOf(':') + 1, mark))
  const hosts = address.split(',').map((one) => readLooseHost(one.slice(one.lastIndexOf('@') + 1)).host)
  if (address !== '' && hosts.every((host) => allowed(host))) return undefined
  return { code: 'link_with_payload', severity: percentDecoded(body).length >= 40 ? 'high' : 'medium', start, end }
}
