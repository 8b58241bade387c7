import { type AuditLog, plainPath } from '@sallyport/core'
import type { Guard } from '../guard.ts'
import { listen, type HttpServer } from '../http/server.ts'
import { createTokenEndpoint } from '../identity/token-endpoint.ts'
import { keptArguments, keptProposal } from '../kept-arguments.ts'
import { isAuthzenPath, openAuthzen } from '../protocols/authzen/index.ts'
import { openMcp, type Mcp } from '../protocols/mcp/index.ts'
import { openModels, type Models } from '../protocols/models/index.ts'
import { restoreBudgets, type Rules } from './rules.ts'
import type { Stores } from './stores.ts'

/** Everything agents speak to. */
export interface Protocols {
  readonly mcp: Mcp
  readonly models: Models
  readonly authzen: ReturnType<typeof openAuthzen>
}

/** What agents speak to. `audit` is the log as their acts are recorded in it. */
export function openProtocols(
  stores: Stores,
  rules: Rules,
  { audit, guard }: { audit: Pick<AuditLog, 'append'>; guard: Guard },
): Protocols {
  const { home, loaded, state, budgets, refusals, bytes, address, nowMs, log, closing } = stores
  const shared = {
    config: loaded.config,
    audit,
    budgets,
    guard,
    flow: stores.flow,
    refusals,
    bytes,
    nowMs,
    ...(stores.replica === undefined ? {} : { replica: stores.replica }),
    log,
    identify: (authorization: string | undefined, agent: string) => {
      state.requireFresh()
      return rules.identities.identify(authorization, agent)
    },
    isolation: (agent: string) => {
      state.requireFresh()
      const known = state.agent(agent)
      return { isolated: known?.isolated !== undefined, epoch: known?.epoch ?? 0 }
    },
    unwitnessed: () => stores.standing.stopped(),
    manifest: (agent: string) => rules.manifests.current(agent),
    commitKey: home.deriveKey('commit'),
    vault: stores.vault,
  }
  const mcp = openMcp({
    ...shared,
    publicUrl: () => address.url,
    manifests: () =>
      rules.manifests
        .agents()
        .map((agent) => rules.manifests.current(agent))
        .filter((manifest) => manifest !== undefined),
    pins: () => state.pins(),
    onHostile: ({ server, tool, hash, codes }) =>
      stores.record({ verb: 'tools.flagged', target: plainPath(`${server}.${tool}`), detail: { hash, codes: [...codes] } }),
    sealKey: home.deriveKey('seal'),
    approvals: stores.approvals,
    keptProposal: (proposal) => keptProposal(stores.vault, proposal),
    keptArguments: async (record) => (await keptArguments(stores, record)).args,
  })
  const models = openModels({ ...shared, prompts: rules.prompts.text })
  const authzen = openAuthzen({
    ...shared,
    authenticate: (authorization) => {
      state.requireFresh()
      return rules.identities.authenticate(authorization)
    },
    foresee: mcp.foresee,
    publicUrl: () => address.url,
  })
  closing.push(
    () => mcp.close(),
    () => models.close(),
  )
  rules.onChange = (agent) => {
    mcp.changed(agent)
    restoreBudgets(stores, rules, agent).catch((error: unknown) => log('the calls of a longer window could not be counted', error))
  }
  return { mcp, models, authzen }
}

/** The listener that agents connect to. */
export async function serveAgents(
  { loaded, refusals, bytes, address, log, closing }: Stores,
  { identities }: Rules,
  { mcp, models, authzen, isReady }: Protocols & { readonly isReady: () => boolean },
): Promise<HttpServer> {
  const server = await listen(loaded.config, {
    isReady,
    mcp: mcp.endpoint,
    models: models.serve,
    modelSocket: models.upgrade,
    isAuthzen: isAuthzenPath,
    authzen,
    token: createTokenEndpoint({
      exchange: (form, authorization) => identities.exchange(form, authorization),
      refusals,
      budget: bytes,
      log,
    }),
    resourceMetadata: (agent) => ({
      resource: `${address.url}/a/${agent}/mcp`,
      authorization_servers: identities.agentIssuers(),
      bearer_methods_supported: ['header'],
    }),
    onRefused: (error, request) => {
      const claims = { path: plainPath((request.url ?? '').split('?', 1)[0] ?? ''), verb: request.method ?? '' }
      return refusals.record({ error, claims }).then(
        () => undefined,
        (failure: unknown) => log('a refusal was not recorded', failure),
      )
    },
    log,
  })
  address.url = server.url
  closing.push(
    () => server.close(),
    () => models.endSockets(),
  )
  return server
}
