import { randomBytes } from 'node:crypto'
import { GatewayError, longestWindowMs, plainPath } from '@sallyport/core'
import { type Budgets, openBudgets } from './budgets.ts'
import { type ByteBudget, openByteBudget } from './byte-budget.ts'
import { openControl, serveControl, type OfferedServer } from './control/index.ts'
import { fetchJwks } from './fetch-jwks.ts'
import { followConfig } from './follow-config.ts'
import { openHome, type Home } from './home.ts'
import { hosts } from './hosts.ts'
import { type HttpServer, listen } from './http/server.ts'
import { type Identities, openIdentities } from './identity/identities.ts'
import { createTokenEndpoint } from './identity/token-endpoint.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { type Manifests, openManifests } from './manifests/index.ts'
import { type OperatorLog, stderrLog } from './operator-log.ts'
import { type Mcp, openMcp } from './protocols/mcp/index.ts'
import { type Refusals, openRefusals } from './refusals.ts'
import { budgetRestorer } from './restore-budgets.ts'
import { compileSchema } from './schema.ts'
import { type Change, openState, type State } from './state.ts'
import type { FileLog } from './stores/files/file-log.ts'
import { inspectLog } from './stores/files/inspect-log.ts'
import { openHomeLog } from './stores/files/open-home-log.ts'
import type { WriterLink } from './stores/files/writer-link.ts'
import { openSqliteStore } from './stores/sqlite/index.ts'
import { systemEntries } from './system-entries.ts'

export interface GatewayOptions {
  readonly homeDir: string
  readonly nowMs?: () => number
  /** Standard error unless set. */
  readonly log?: OperatorLog
  /** What writes the audit log; a thread of its own over the real file system unless set. */
  readonly logWriter?: WriterLink
}

export interface Gateway {
  /** Base URL; agents connect to `<url>/a/<agent>/mcp`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Runs a gateway over a home folder. This is the composition root: the only place that knows every adapter.
 * @throws GatewayError `CONFIG_*` for anything in the folder that cannot be used, `STORE_LOCKED` when another gateway runs there,
 * `AUDIT_INVALID` when the log does not fit together or was rolled back.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const nowMs = options.nowMs ?? Date.now
  const log = options.log ?? stderrLog(nowMs)
  const closing: Closing = []
  const close = (): Promise<void> => endAll(closing)
  try {
    const stores = await openStores(options, { nowMs, log, closing })
    const rules = openRules(stores)
    await Promise.all(rules.manifests.agents().map((agent) => restoreBudgets(stores, rules, agent)))
    const mcp = openProtocols(stores, rules)
    const server = await serveAgents(stores, rules, mcp)
    await servePeople(stores, rules, { mcp, url: server.url })
    stores.record({ verb: 'gateway.start', detail: { url: server.url } })
    // First calls should not wait for processes to start; a server that is down is tried again when it is needed.
    mcp.catalogue.offered().catch((error: unknown) => log('tool servers could not be asked', error))
    return { url: server.url, close }
  } catch (error) {
    await close().catch((failure: unknown) => log('what was open could not be closed', failure))
    throw error
  }
}

/** What has to be ended, last opened first. */
type Closing = (() => Promise<void> | void)[]

/** Ends everything, also what comes after something that cannot be ended well: a log that cannot sign must not keep the home locked. */
async function endAll(closing: Closing): Promise<void> {
  const failures: unknown[] = []
  for (const end of closing.splice(0).reverse()) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

interface Stores {
  readonly home: Home
  readonly loaded: LoadedConfig
  readonly state: State
  readonly audit: FileLog
  readonly budgets: Budgets
  /** Counts the calls of this long before the start. */
  readonly restore: (windowMs: number) => Promise<void>
  readonly record: ReturnType<typeof systemEntries>
  readonly refusals: Refusals
  readonly bytes: ByteBudget
  /** Known once the gateway listens. */
  readonly address: { url: string }
  readonly nowMs: () => number
  readonly log: OperatorLog
  readonly closing: Closing
}

async function openStores(
  { homeDir, logWriter }: GatewayOptions,
  base: Pick<Stores, 'nowMs' | 'log' | 'closing'>,
): Promise<Stores> {
  const { nowMs, log, closing } = base
  const home = openHome(homeDir, { create: false })
  const loaded = loadConfig(home.configFile)
  const state = openState(openSqliteStore(home.stateFile))
  closing.push(() => state.close())
  const audit = await openHomeLog({
    home,
    state,
    checkpointMs: loaded.config.checkpointMs,
    nowMs,
    ...(logWriter && { writer: logWriter }),
  })
  closing.push(() => audit.close())
  const budgets = openBudgets()
  const restore = budgetRestorer((untilMs) => audit.readBack(untilMs), budgets, nowMs())
  const record = systemEntries(audit, log)
  const bytes = openByteBudget(loaded.config.limits.bytesInFlightMax)
  return {
    ...base,
    home,
    loaded,
    state,
    audit,
    budgets,
    restore,
    record,
    refusals: openRefusals(audit, nowMs),
    bytes,
    address: { url: '' },
  }
}

/** Everything a decision is made from: manifests and identities. */
interface Rules {
  readonly manifests: Manifests
  readonly identities: Identities
  /** Told when an agent's grants change. */
  onChange: (agent: string) => void
}

function openRules({ home, loaded, state, audit, record, nowMs, log, closing }: Stores): Rules {
  // Before the manifests: opening them already reports every one of them.
  const change: Pick<Rules, 'onChange'> = { onChange: () => {} }
  const manifests = openManifests({
    dir: loaded.manifestsDir,
    state,
    deps: { compileSchema, hosts },
    nowMs,
    watch: true,
    onChange: ({ agent, cause, version = 0, hash = '', signed = false }) => {
      change.onChange(agent)
      record({ verb: `manifest.${cause}`, target: agent, detail: { version, hash, signed } })
    },
    onProblem: ({ agent, problem }) => {
      log(`manifest of ${agent} is not usable; the last good version stays in force`, new Error(problem))
      record({ verb: 'manifest.rejected', target: agent, detail: { problem: problem.slice(0, 500).toWellFormed() } })
    },
  })
  closing.push(() => manifests.close())
  const hasTask = (agent: string, task: string): boolean => manifests.current(agent)?.tasks.has(task) === true
  const sessionKey = home.deriveKey('session')
  const identities = openIdentities({ state, sessionKey, nowMs, randomBytes, fetchJwks, hasTask, audit }, loaded.config.issuers)
  return Object.assign(change, { manifests, identities })
}

/** A manifest with a longer window than any before makes older calls count. */
async function restoreBudgets({ restore }: Stores, { manifests }: Rules, agent: string): Promise<void> {
  const manifest = manifests.current(agent)
  if (manifest) await restore(longestWindowMs(manifest))
}

function openProtocols(stores: Stores, rules: Rules): Mcp {
  const { home, loaded, state, audit, budgets, refusals, bytes, address, nowMs, log, closing } = stores
  const mcp = openMcp({
    config: loaded.config,
    audit,
    budgets,
    refusals,
    bytes,
    nowMs,
    log,
    publicUrl: () => address.url,
    identify: (authorization, agent) => rules.identities.identify(authorization, agent),
    isolation: (agent) => {
      const known = state.agent(agent)
      return { isolated: known?.isolated !== undefined, epoch: known?.epoch ?? 0 }
    },
    manifest: (agent) => rules.manifests.current(agent),
    manifests: () =>
      rules.manifests
        .agents()
        .map((agent) => rules.manifests.current(agent))
        .filter((manifest) => manifest !== undefined),
    pins: () => state.pins(),
    commitKey: home.deriveKey('commit'),
    sealKey: home.deriveKey('seal'),
  })
  closing.push(() => mcp.close())
  rules.onChange = (agent) => {
    mcp.changed(agent)
    restoreBudgets(stores, rules, agent).catch((error: unknown) => log('the calls of a longer window could not be counted', error))
  }
  return mcp
}

async function serveAgents(
  { loaded, refusals, bytes, address, log, closing }: Stores,
  { identities }: Rules,
  mcp: Mcp,
): Promise<HttpServer> {
  const server = await listen(loaded.config, {
    mcp: mcp.endpoint,
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
  closing.push(() => server.close())
  return server
}

/** The control socket, and what follows the files people edit. */
async function servePeople(
  stores: Stores,
  { manifests, identities }: Rules,
  { mcp, url }: { mcp: Mcp; url: string },
): Promise<void> {
  const { home, loaded, state, audit, record, nowMs, log, closing } = stores
  const transact = (changes: readonly Change[]): void => {
    state.transact(changes)
    // A review changes what is offered: the catalogue forgets where tools stood.
    if (changes.some((change) => change.kind === 'pin')) mcp.catalogue.invalidate()
  }
  const control = openControl({
    state: { ...state, transact },
    audit,
    log: inspectLog(audit, home.logDir),
    manifests,
    home,
    nowMs,
    randomBytes,
    offered: () => offered(mcp),
    onIsolate: (agent) => mcp.cut(agent),
    running: () => ({ url, streams: mcp.streams() }),
  })
  const socket = await serveControl(control, home.controlSocket)
  closing.push(() => socket.close())
  const stop = followConfig(loaded.file, {
    loaded: ({ config }) => {
      identities.reload(config.issuers)
      mcp.reconfigure(config.servers).catch((error: unknown) => log('a server could not be replaced', error))
      record({ verb: 'config.loaded', detail: { servers: Object.keys(config.servers).length } })
    },
    rejected: (error) => {
      log('the configuration is not usable; the last good one stays in force', error)
      record({ verb: 'config.rejected', detail: { code: error.code } })
    },
  })
  closing.push(stop)
}

/** Most of a tool server's own diagnostics in an answer to the operator. */
const SAID_CHARS_MAX = 500

async function offered({ catalogue, upstreams }: Mcp): Promise<readonly OfferedServer[]> {
  return Promise.all(
    [...upstreams].map(async ([server, upstream]) => {
      try {
        const tools = await catalogue.tools({ server, context: '' })
        return { server, tools: tools.map((offer) => ({ ...offer, tool: offer.definition.name })) }
      } catch (error) {
        const why = error instanceof GatewayError ? error.message : 'it could not be asked'
        // For the operator alone: what the process itself said last.
        const said = upstream.stderr().trim().slice(-SAID_CHARS_MAX)
        return { server, tools: [], problem: said === '' ? why : `${why}; it said: ${said.toWellFormed()}` }
      }
    }),
  )
}
