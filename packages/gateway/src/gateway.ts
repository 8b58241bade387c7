import { randomBytes } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import { type CompiledManifest, GatewayError, type Principal, isGatewayError, plainPath } from '@sallyport/core'
import { openBudgets } from './budgets.ts'
import { openControl, serveControl } from './control/index.ts'
import type { OfferedServer } from './control/index.ts'
import { fetchJwks } from './fetch-jwks.ts'
import { openHome } from './home.ts'
import { hosts } from './hosts.ts'
import { openByteBudget } from './byte-budget.ts'
import { listen } from './http/server.ts'
import { createTokenEndpoint } from './identity/token-endpoint.ts'
import { createExchange, createIdentifier, type ForeignUse, type Identifier } from './identity/index.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { openManifests } from './manifests/index.ts'
import { type Mcp, openMcp } from './protocols/mcp/index.ts'
import { openRefusals } from './refusals.ts'
import { compileSchema } from './schema.ts'
import { type Change, openState } from './state.ts'
import { inspectLog } from './stores/files/inspect-log.ts'
import { openHomeLog } from './stores/files/open-home-log.ts'
import { openSqliteStore } from './stores/sqlite/index.ts'

const CONFIG_POLL_MS = 1_000
const DAY_MS = 86_400_000

export interface GatewayOptions {
  readonly homeDir: string
  readonly nowMs?: () => number
  /** Where failures go that nobody else is told of; the operator's own log. Standard error unless set. */
  readonly log?: (message: string, error: unknown) => void
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
  const closing: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    const home = openHome(options.homeDir, { create: false })
    const loaded = loadConfig(home.configFile)
    const state = openState(openSqliteStore(home.stateFile))
    closing.push(() => state.close())
    const audit = await openHomeLog({ home, state, checkpointMs: loaded.config.checkpointMs, nowMs })
    closing.push(() => audit.close())
    const budgets = openBudgets()
    for await (const { entry } of audit.readBack(nowMs() - DAY_MS)) {
      if (entry.type === 'decision') budgets.restore(entry.budgets, Date.parse(entry.time))
    }
    let mcp: Mcp | undefined
    const manifests = openManifests({
      dir: loaded.manifestsDir,
      state,
      deps: { compileSchema, hosts },
      nowMs,
      watch: true,
      onChange: (change) => {
        mcp?.changed(change.agent)
        const { agent, cause, version = 0, hash = '', signed = false } = change
        recordQuietly({ verb: `manifest.${cause}`, target: agent, detail: { version, hash, signed } })
      },
      onProblem: ({ agent, problem }) => {
        log(`manifest of ${agent} is not usable; the last good version stays in force`, new Error(problem))
        recordQuietly({ verb: 'manifest.rejected', target: agent, detail: { problem: problem.slice(0, 500) } })
      },
    })
    closing.push(() => manifests.close())
    const refusals = openRefusals(audit, nowMs)
    const bytes = openByteBudget(loaded.config.limits.bytesInFlightMax)
    const sessionKey = home.deriveKey('session')
    let identifier = identify(loaded)
    let exchange = exchangeWith(loaded, identifier)
    const isolation = (agent: string): { isolated: boolean; epoch: number } => {
      const record = state.agent(agent)
      return { isolated: record?.isolated !== undefined, epoch: record?.epoch ?? 0 }
    }
    let url = ''
    mcp = openMcp({
      config: loaded.config,
      audit,
      identify: (authorization, agent): Promise<Principal> => identifier.identify(authorization, agent),
      isolation,
      manifest: (agent) => manifests.current(agent),
      manifests: () => manifests.agents().flatMap((agent): readonly CompiledManifest[] => {
        const current = manifests.current(agent)
        return current ? [current] : []
      }),
      pins: () => state.pins(),
      budgets,
      bytes,
      refusals,
      commitKey: home.deriveKey('commit'),
      sealKey: home.deriveKey('seal'),
      nowMs,
      publicUrl: () => url,
      log,
    })
    const running = mcp
    closing.push(() => running.close())
    const server = await listen(loaded.config, {
      mcp: mcp.endpoint,
      token: createTokenEndpoint({ exchange: (form, authorization) => exchange(form, authorization), refusals, budget: bytes, log }),
      resourceMetadata: (agent) => ({
        resource: `${url}/a/${agent}/mcp`,
        authorization_servers: loaded.config.issuers.filter((issuer) => issuer.identifies === 'agents').map((issuer) => issuer.issuer),
        bearer_methods_supported: ['header'],
      }),
      onRefused: (error, request) => {
        refusals.record({ error, claims: { path: plainPath((request.url ?? '').split('?', 1)[0] ?? ''), verb: request.method ?? '' } }).catch((failure: unknown) => log('a refusal was not recorded', failure))
      },
      log,
    })
    url = server.url
    closing.push(() => server.close())
    const control = openControl({
      state: { ...state, transact: transactPinned },
      audit,
      log: inspectLog(audit, home.logDir),
      manifests,
      home,
      nowMs,
      randomBytes,
      offered: () => offered(running),
      onIsolate: (agent) => running.cut(agent),
      running: () => ({ url, streams: running.streams() }),
    })
    const socket = await serveControl(control, home.controlSocket)
    closing.push(() => socket.close())
    followConfig(loaded.file)
    closing.push(() => unwatchFile(loaded.file))
    recordQuietly({ verb: 'gateway.start', detail: { url } })
    // First calls should not wait for processes to start; a server that is down is tried again when it is needed.
    void mcp.catalogue.offered().catch((error: unknown) => log('tool servers could not be asked', error))
    return { url, close }

    /** A review changes what is offered: the catalogue forgets where tools stood. */
    function transactPinned(changes: readonly Change[]): void {
      state.transact(changes)
      if (changes.some((change) => change.kind === 'pin')) running.catalogue.invalidate()
    }

    function identify({ config }: LoadedConfig): Identifier {
      return createIdentifier({ state, issuers: config.issuers, sessionKey, nowMs, fetchJwks, onForeign })
    }

    function exchangeWith({ config }: LoadedConfig, { verify }: Identifier): ReturnType<typeof createExchange> {
      const hasTask = (agent: string, task: string): boolean => manifests.current(agent)?.tasks.has(task) === true
      return createExchange({ state, issuers: config.issuers, sessionKey, nowMs, randomBytes, fetchJwks, verify, hasTask, audit })
    }

    async function onForeign({ owner, agent, credential }: ForeignUse): Promise<void> {
      const actor = { type: 'agent' as const, id: owner, credential }
      await audit.append({ type: 'admin', actor, verb: 'credential.foreign_use', target: agent, outcome: 'refused', code: 'IDENTITY_FOREIGN', detail: { severity: 'critical' } })
    }

    function recordQuietly(what: { verb: string; target?: string; detail: Record<string, string | number | boolean> }): void {
      const actor = { type: 'system' as const, id: 'sallyport' }
      audit.append({ type: 'admin', actor, ...what, outcome: 'done' }).catch((error: unknown) => log('an entry could not be written', error))
    }

    /** Servers and issuers follow the file; all of a good version, nothing of a bad one. */
    function followConfig(file: string): void {
      watchFile(file, { interval: CONFIG_POLL_MS, persistent: false }, () => {
        try {
          const next = loadConfig(file)
          const fresh = identify(next)
          identifier = fresh
          exchange = exchangeWith(next, fresh)
          running.reconfigure(next.config.servers).catch((error: unknown) => log('a server could not be replaced', error))
          recordQuietly({ verb: 'config.loaded', detail: { servers: Object.keys(next.config.servers).length } })
        } catch (error) {
          if (!isGatewayError(error)) throw error
          log('the configuration is not usable; the last good one stays in force', error)
          recordQuietly({ verb: 'config.rejected', detail: { code: error.code } })
        }
      })
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function offered({ catalogue, upstreams }: Mcp): Promise<readonly OfferedServer[]> {
  return Promise.all(
    [...upstreams.keys()].map(async (server) => {
      try {
        const tools = await catalogue.tools({ server, context: '' })
        return { server, tools: tools.map((offer) => ({ ...offer, tool: offer.definition.name })) }
      } catch (error) {
        return { server, tools: [], problem: error instanceof GatewayError ? error.message : 'it could not be asked' }
      }
    }),
  )
}

/** Lines of the operator's log per second; a fault under load repeats itself and must not fill the disk. */
const LOG_LINES_PER_S = 20

function stderrLog(nowMs: () => number): (message: string, error: unknown) => void {
  let second = 0
  let lines = 0
  return (message, error) => {
    const at = Math.floor(nowMs() / 1_000)
    if (at !== second) {
      if (lines > LOG_LINES_PER_S) process.stderr.write(`${lines - LOG_LINES_PER_S} more in that second\n`)
      second = at
      lines = 0
    }
    if (++lines > LOG_LINES_PER_S) return
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`${new Date(nowMs()).toISOString()} ${message}: ${detail}\n`)
  }
}
