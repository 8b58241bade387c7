import type { AuditLog, Principal } from '@sallyport/core'
import type { Issuer } from '../config.ts'
import { type Exchange, type ExchangeDeps, createExchange } from './exchange.ts'
import { type ForeignUse, createIdentifier } from './identifier.ts'

/** Who is calling, and the exchange of tokens, under the issuers in force. */
export interface Identities {
  identify(authorization: string | undefined, agent: string): Promise<Principal>
  /** The same for an address that names no agent. */
  authenticate(authorization: string | undefined): Promise<Principal>
  readonly exchange: Exchange
  /** Issuers whose tokens identify agents, now. */
  agentIssuers(): readonly string[]
  /** Trusts other issuers from the next call on. */
  reload(issuers: readonly Issuer[]): void
}

export type IdentitiesDeps = Omit<ExchangeDeps, 'verify' | 'issuers'>

export function openIdentities(deps: IdentitiesDeps, issuers: readonly Issuer[]): Identities {
  let current = open(issuers)
  let trusted = issuers
  return {
    identify: (authorization, agent) => current.identifier.identify(authorization, agent),
    authenticate: (authorization) => current.identifier.authenticate(authorization),
    exchange: (form, authorization) => current.exchange(form, authorization),
    agentIssuers: () => trusted.filter((issuer) => issuer.identifies === 'agents').map((issuer) => issuer.issuer),
    reload: (next) => {
      current = open(next)
      trusted = next
    },
  }

  function open(trusted: readonly Issuer[]) {
    const identifier = createIdentifier({ ...deps, issuers: trusted, onForeign: (use) => recordForeign(deps.audit, use) })
    const exchange = createExchange({ ...deps, issuers: trusted, verify: (secret) => identifier.verify(secret) })
    return { identifier, exchange }
  }
}

/** One agent's credential at another agent's URL: stolen, or shared against the rule. */
async function recordForeign(audit: Pick<AuditLog, 'append'>, { owner, agent, credential }: ForeignUse): Promise<void> {
  const actor = { type: 'agent' as const, id: owner, credential }
  const detail = { severity: 'critical' }
  await audit.append({
    type: 'admin',
    actor,
    verb: 'credential.foreign_use',
    target: agent,
    outcome: 'refused',
    code: 'IDENTITY_FOREIGN',
    detail,
  })
}
