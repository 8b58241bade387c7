import { randomBytes } from 'node:crypto'
import { GatewayError } from '@sallyport/core'
import {
  isServed,
  openControl,
  serveControl,
  type Control,
  type ControlDeps,
  type ControlSocket,
  type OfferedServer,
} from '../control/index.ts'
import { fetchJwks } from '../fetch-jwks.ts'
import { followConfig } from '../follow-config.ts'
import { followLapses } from '../follow-lapses.ts'
import { inspectLog } from '../inspect-log.ts'
import type { Mcp } from '../protocols/mcp/index.ts'
import type { SinksView } from '../sinks-view.ts'
import type { Change } from '../state.ts'
import type { Protocols } from './agents.ts'
import { evidenceOf, inForce } from './evidence.ts'
import type { RunningGuard } from './guard.ts'
import { keepRecords, type Keeping } from './retention.ts'
import type { Rules } from './rules.ts'
import type { Stores } from './stores.ts'
import { contentOver } from './vault.ts'

/** The control socket, and what follows the files people edit. */
export async function servePeople(
  stores: Stores,
  { manifests, identities }: Rules,
  { mcp, models, url, sinks, running }: Protocols & { url: string; sinks: SinksView; running: RunningGuard },
): Promise<void> {
  const { loaded, state, record, log, closing } = stores
  const transact = async (changes: readonly Change[], basis?: number): Promise<void> => {
    await state.transact(changes, basis)
    // A review changes what is offered: the catalogue forgets where tools stood.
    if (changes.some((change) => change.kind === 'pin')) mcp.catalogue.invalidate()
  }
  const keeping = keepRecords(stores)
  let signIns = loaded.config.console
  const control = openControl({
    ...controlOver(stores, keeping),
    console: () => signIns,
    guard: running.desk,
    summaries: stores.summaries,
    state: { ...state, transact },
    manifests,
    offered: () => offered(mcp),
    onIsolate(agent) {
      mcp.cut(agent)
      models.cut(agent)
    },
    sinks,
    running: () => ({
      url,
      ...(loaded.config.publicUrl !== undefined && { publicUrl: loaded.config.publicUrl }),
      streams: mcp.streams(),
    }),
  })
  const socket = await openSocket(control, stores)
  closing.push(async () => socket?.close())
  const { providers, alerts } = loaded.config
  const lapses = followLapses({ providers, days: alerts.lapseDays }, stores)
  closing.push(() => lapses.close())
  const stop = followConfig(loaded.file, {
    loaded: (next) => {
      const { config } = next
      identities.reload(config.issuers)
      keeping.reconfigure(config.retention)
      signIns = config.console
      running.reconfigure(next)
      stores.approvals.reconfigure(config.approvals)
      models.reconfigure(config.providers)
      lapses.reconfigure(config.providers, config.alerts.lapseDays)
      mcp.reconfigure(config.servers).catch((error: unknown) => log('a server could not be replaced', error))
      record({ verb: 'config.loaded', detail: { servers: Object.keys(config.servers).length, ...inForce(stores, next) } })
    },
    rejected: (error) => {
      log('the configuration is not usable; the last good one stays in force', error)
      record({ verb: 'config.rejected', detail: { code: error.code } })
    },
  })
  closing.push(stop)
}

/** What people's verbs act on, whether or not a gateway runs. */
export function controlOver(
  stores: Stores,
  { retention, holds }: Keeping,
): Omit<ControlDeps, 'manifests' | 'offered' | 'onIsolate' | 'running'> {
  const { home, loaded, state, audit, standing, anchoring, nowMs } = stores
  return {
    state,
    audit,
    log: inspectLog(audit, home.stampsDir),
    anchors: () => anchoring.current?.reports() ?? [],
    evidence: evidenceOf(stores),
    standing,
    retention,
    home,
    console: () => loaded.config.console,
    approvals: stores.approvals.config,
    fetchJwks,
    nowMs,
    randomBytes,
    holds,
    ...contentOver(stores),
  }
}

/** Any gateway over a shared store answers as well as another: one socket per home folder is enough, and none will do. */
async function openSocket(control: Control, { home, state, log }: Stores): Promise<ControlSocket | undefined> {
  if (!state.isShared) return serveControl(control, home.controlSocket)
  if (await isServed(home.controlSocket)) return undefined
  try {
    return await serveControl(control, home.controlSocket)
  } catch (error) {
    log('there is no control socket here; commands act on the database', error)
    return undefined
  }
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
