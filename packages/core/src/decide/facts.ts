import type { ApprovalRecord } from '../model/approval.ts'
import type { FlowFacts } from '../model/flow-facts.ts'
import type { ModelFacts } from '../model/model-facts.ts'
import type { ToolFacts } from '../model/tool-facts.ts'
import type { CompiledManifest } from './compile.ts'
import type { GuardFacts } from './guard-votes.ts'
import type { Spend } from './spends.ts'

/** What `gather` read, once, and what `reserve` took. `decide` sees nothing else, so replaying the same facts gives the same decision. */
export interface Facts {
  readonly nowMs: number
  /** The agent's current manifest, compiled; absent when it has none. */
  readonly manifest?: CompiledManifest
  readonly isolation: { readonly isolated: boolean; readonly epoch: number }
  /** Which acts the configuration stops because too few witnesses vouch for the log now; absent when none. */
  readonly unwitnessed?: 'high' | 'consequential'
  /** Standing of the tool an action names; absent for other kinds. */
  readonly tool?: ToolFacts
  /** Who may answer a model call, and what it holds besides text; absent for other kinds. */
  readonly model?: ModelFacts
  /** How content is inspected and where the answer comes from; absent where nothing is inspected. */
  readonly guard?: GuardFacts
  /** What the session read and where the arguments come from; absent where nobody remembers. */
  readonly flow?: FlowFacts
  /** Whether people can be asked, and what they were asked about exactly this act; absent where nobody can be. */
  readonly approval?: ApprovalFacts
  /** Budgets reserved for this act, all or none. */
  readonly budget: {
    readonly reserved: boolean
    readonly keys: readonly string[]
    /** Amounts taken besides calls, all or none with them. */
    readonly spends?: readonly Spend[]
    /** The budget of amounts that is used up. */
    readonly exhausted?: Exhausted
    /** Calls that are used up while the rule only observes. */
    readonly observed?: { readonly limit: string; readonly retryAfterMs?: number }
    /** What repeats too often, and the key under which this act was counted as one repetition. */
    readonly loop?: { readonly isLoop: boolean; readonly key: string; readonly atMs: number }
    readonly limit?: string
    /** Absent where waiting does not help. */
    readonly retryAfterMs?: number
    /** When they were taken, by the clock of whoever keeps the budgets, where that is not `nowMs`; to the microsecond. */
    readonly atMs?: number
  }
}

/** What people have to do with an act. */
export interface ApprovalFacts {
  /** The newest request about it whose answer still stands; its state is that of now. */
  readonly request?: ApprovalRecord
}

/** A budget that has less left than an act may need: amounts as people write them. */
export interface Exhausted {
  readonly unit: string
  readonly per: string
  readonly windowMs: number
  readonly limit: string
  readonly used: string
  readonly asked: string
}
