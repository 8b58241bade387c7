import type { AuditLog, PinState, ToolDefinition } from '@sallyport/core'
import type { z } from 'zod'
import type { AnchorReport } from '../anchor.ts'
import type { BoundedCache } from '../bounded-cache.ts'
import type { ApprovalsConfig } from '../config-approvals.ts'
import type { ConsoleConfig } from '../config-console.ts'
import type { Confirmation } from '../confirmation.ts'
import type { ContentVault } from '../content-vault.ts'
import type { Erasures } from '../erasures.ts'
import type { GuardDesk } from '../guard-desk.ts'
import type { SubjectNames } from '../hold-record.ts'
import type { Holds } from '../holds.ts'
import type { Home } from '../home.ts'
import type { FetchJwks } from '../identity/key-source.ts'
import type { LogEvidence } from '../log-evidence.ts'
import type { LogInspector } from '../log-inspector.ts'
import type { LogStanding } from '../log-standing.ts'
import type { Manifests } from '../manifests/index.ts'
import type { Retention } from '../retention.ts'
import type { SessionSummaries } from '../session-summaries.ts'
import type { WebSessionRecord } from '../sign-in-records.ts'
import type { SinksView } from '../sinks-view.ts'
import type { Role, UserRecord } from '../state-records.ts'
import type { Change, State } from '../state.ts'

/** A tool as its server offers it now, with where it stands. */
export interface OfferedTool {
  readonly server: string
  readonly tool: string
  /** `pinHash` of server identity and definition. */
  readonly hash: string
  readonly definition: ToolDefinition
  readonly state: PinState
  /** Why it stands there, where that needs words: what is wrong with it, or which tool it looks like. */
  readonly detail?: string | undefined
}

/** A server and what it offers; `problem` says why it could not be asked. */
export interface OfferedServer {
  readonly server: string
  readonly tools: readonly OfferedTool[]
  readonly problem?: string
}

export interface ControlDeps {
  readonly state: State
  readonly audit: AuditLog
  readonly log: LogInspector
  /** Searches and bundles; absent where the log cannot be read. */
  readonly evidence?: LogEvidence
  /** How far the log is checkpointed, witnessed and anchored. */
  readonly standing: LogStanding
  readonly manifests: Manifests
  readonly home: Pick<Home, 'deriveKey' | 'manifestsDir'>
  /** How people sign in with a browser, as the configuration in force says it; absent where they cannot. */
  readonly console?: () => ConsoleConfig | undefined
  /** What the configuration in force says of approvals. */
  readonly approvals?: () => ApprovalsConfig
  /** When each person first looked at each request, by both their names; of this process. */
  readonly looks?: BoundedCache<number>
  /** Keys of the providers people sign in at. */
  readonly fetchJwks?: FetchJwks
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Uint8Array
  /** Asks every configured server what it offers. */
  readonly offered: () => Promise<readonly OfferedServer[]>
  /** Called once an isolation is durable: cut the agent's streams. */
  readonly onIsolate: (agent: string) => Promise<void> | void
  /** What inspects content; absent where nothing does. */
  readonly guard?: GuardDesk
  /** Present in a running gateway. */
  readonly retention?: Retention
  /** Content that was kept; absent where there is no vault. */
  readonly vault?: Pick<ContentVault, 'read' | 'keep' | 'subject' | 'flush'>
  readonly erasures?: Erasures
  /** Sessions that begin anew. */
  readonly summaries?: SessionSummaries
  readonly holds?: Pick<Holds, 'requireAccess'>
  /** Pseudonyms of a person; absent where there is no vault. */
  readonly subjectNames?: (person: string) => Promise<SubjectNames>
  /** Called once the end of a hold is durable: what waited for it runs. */
  readonly onHoldReleased?: (id: string) => Promise<void> | void
  /** Where events go; absent when no gateway runs. */
  readonly sinks?: SinksView
  /** Where each anchor stands; none where none runs. */
  readonly anchors?: () => readonly AnchorReport[]
  /** What a running gateway adds to `status`; absent when none runs. */
  readonly running?: () => { readonly url: string; readonly publicUrl?: string; readonly streams: number }
}

/** Who asks: a person whose signature on the request, or whose session with a browser, was verified. */
export interface ControlActor {
  readonly user: UserRecord
  readonly method: 'ed25519' | WebSessionRecord['method']
  /** Of a browser. */
  readonly session?: WebSessionRecord
  /** Their passkey over exactly this request. */
  readonly confirmation?: Confirmation
}

/** What a verb wants done. Nothing has happened yet: the control plane records, then applies. */
export interface Plan<O> {
  readonly output: O
  readonly changes?: readonly Change[]
  /** After the changes are durable and recorded. */
  readonly after?: () => Promise<void> | void
  /** Words for the audit entry; never a secret. */
  readonly detail?: AuditDetail
}
export type AuditDetail = Readonly<Record<string, string | number | boolean | string[]>>

/** One act of a person on the gateway's own state. */
export interface Verb<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly summary: string
  readonly input: I
  readonly output: O
  /** Roles that may call it; holding one is enough. */
  readonly roles: readonly Role[]
  /**
   * Whether a browser's session is not enough: the person's passkey must sign exactly this request, as a key of their own signs
   * each request of the command line.
   */
  readonly confirm?: (input: z.output<I>, deps: ControlDeps, actor: ControlActor) => boolean
  /** Sessions that began with a one-time link may call it. */
  readonly forLinks?: true
  /** Names a file of the gateway's machine: only for whoever is there, never for a browser. */
  readonly isLocal?: true
  /** Changes nothing; reads may come as GET. */
  readonly reads?: true
  /** Version of what it changes, for `If-Match`; the same text as long as nothing changed. */
  readonly version?: (input: z.output<I>, deps: ControlDeps) => string
  /** What the audit entry names as target, from a valid input. */
  readonly target?: (input: z.output<I>) => string
  /**
   * `before` (unless set): recorded, then applied, so that nothing is loosened without a record. `after`: applied first,
   * because stopping an agent must not wait for a log that cannot be written.
   */
  readonly record?: 'before' | 'after'
  /** May take long and changes at most records that no verb of the other queue does, so it must not hold those up: it stands in a queue of its own. */
  readonly isLong?: true
  /** Checks everything and says what to do; changes nothing. @throws GatewayError what the caller is told */
  readonly run: (deps: ControlDeps, input: z.output<I>, actor: ControlActor) => Promise<Plan<z.input<O>>> | Plan<z.input<O>>
}

/** Declares one verb of the control plane; gives `run` its types. */
export function defineVerb<I extends z.ZodType, O extends z.ZodType>(verb: Verb<I, O>): Verb<I, O> {
  return verb
}
