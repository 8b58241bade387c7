import { GatewayError } from '../errors.ts'
import type { JsonObject } from '../model/json.ts'
import { findRecipients } from '../normalise/recipients.ts'
import type { Hosts } from '../ports/hosts.ts'
import type { ReasonCode } from '../reasons.ts'

/** Checks every recipient and URL in the arguments; `undefined` when all are within the granted domains. */
export type DomainRule = (args: JsonObject) => { readonly reason: ReasonCode; readonly path: string } | undefined

/**
 * Compiles granted domains. `company.com` is that host alone, `*.company.com` its subdomains alone.
 * @throws GatewayError `CONFIG_INVALID` for a domain that has no ASCII form or is an address.
 */
export function compileDomains(domains: readonly string[], hosts: Hosts): DomainRule {
  const exact = new Set<string>()
  const parents = new Set<string>()
  for (const domain of domains) {
    const wildcard = domain.startsWith('*.')
    const ascii = hosts.toAscii(wildcard ? domain.slice(2) : domain)?.toLowerCase()
    if (ascii === undefined || !/\.[a-z](?:[a-z0-9-]*[a-z0-9])?$/.test(ascii)) {
      throw new GatewayError('CONFIG_INVALID', `${domain} is not a domain name`)
    }
    ;(wildcard ? parents : exact).add(ascii)
  }
  return (args) => {
    const found = findRecipients(args, hosts)
    if (!found.ok) return { reason: 'recipient_unparseable', path: found.path }
    const outside = found.recipients.find(({ host }) => !isGranted(host, exact, parents))
    return outside && { reason: 'recipient_not_allowed', path: outside.path }
  }
}

/** At most as many look-ups as the host has labels, however many domains are granted. */
function isGranted(host: string, exact: ReadonlySet<string>, parents: ReadonlySet<string>): boolean {
  if (exact.has(host)) return true
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) if (parents.has(host.slice(dot + 1))) return true
  return false
}
