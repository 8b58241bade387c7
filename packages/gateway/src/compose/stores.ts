import { randomBytes } from 'node:crypto'
import type { Anchoring } from '../anchors/follow-anchors.ts'
import { openApprovals, type OpenApprovals } from '../approvals/open-approvals.ts'
import { openByteBudget, type ByteBudget } from '../byte-budget.ts'
import type { ContentVault } from '../content-vault.ts'
import { countAppends } from '../count-appends.ts'
import { openCounters, type Counters } from '../counters.ts'
import type { Erasures } from '../erasures.ts'
import type { Flow } from '../flow.ts'
import type { FieldUses } from '../flow/field-uses.ts'
import { openHome, type Home } from '../home.ts'
import { loadConfig, type LoadedConfig } from '../load-config.ts'
import { openStanding, type LogStanding } from '../log-standing.ts'
import type { OperatorLog } from '../operator-log.ts'
import { openRefusals, type Refusals } from '../refusals.ts'
import type { SessionSummaries } from '../session-summaries.ts'
import { systemEntries } from '../system-entries.ts'
import { openAdapters, type Adapters, type AdaptersDeps } from './adapters.ts'
import type { Closing } from './closing.ts'
import { openContents } from './vault.ts'

/** Where everything is kept, and what every part of a gateway shares. */
export interface Stores extends Adapters {
  readonly home: Home
  readonly loaded: LoadedConfig
  /** How far the log is witnessed, and which acts that stops. */
  readonly standing: LogStanding
  /** What anchors the log, once it does. */
  readonly anchoring: { current?: Anchoring }
  /** What this process counts of itself. */
  readonly counters: Counters
  readonly record: ReturnType<typeof systemEntries>
  readonly refusals: Refusals
  readonly bytes: ByteBudget
  readonly vault: ContentVault
  /** What sessions have met. */
  readonly flow: Flow
  /** Which fields of results are ever used. */
  readonly fieldUses: FieldUses
  readonly summaries: SessionSummaries
  readonly erasures: Erasures
  /** People who are asked about acts. */
  readonly approvals: OpenApprovals
  /** Known once the gateway listens. */
  readonly address: { url: string }
  readonly nowMs: () => number
  readonly log: OperatorLog
  readonly closing: Closing
}

/** Opens the adapters that the configuration names. */
export async function openStores(
  options: { readonly homeDir: string } & Pick<AdaptersDeps, 'logWriter' | 'onGivenUp'>,
  base: Pick<Stores, 'nowMs' | 'log' | 'closing'>,
): Promise<Stores> {
  const { nowMs, log } = base
  const home = openHome(options.homeDir, { create: false })
  const loaded = loadConfig(home.configFile)
  const adapters = await openAdapters({ ...base, ...options, home, loaded })
  const { state } = adapters
  const counters = openCounters()
  const audit = countAppends(adapters.audit, counters)
  const record = systemEntries(audit, log)
  const anchoring: Stores['anchoring'] = {}
  const bytes = openByteBudget(loaded.config.limits.bytesInFlightMax)
  const approvals = openApprovals({ config: loaded.config.approvals, state, record, randomBytes, nowMs, log })
  base.closing.push(() => approvals.close())
  const stores = {
    ...base,
    home,
    loaded,
    ...adapters,
    audit,
    counters,
    anchoring,
    standing: openStanding({ witnesses: loaded.config.witnesses, state, audit, nowMs }),
    record,
    refusals: openRefusals(audit, nowMs),
    bytes,
    approvals,
    address: { url: '' },
  }
  return { ...stores, ...openContents(stores) }
}
