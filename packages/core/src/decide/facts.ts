import type { FlowFacts } from '../model/flow-facts.ts'
import type { ModelFacts } from '../model/model-facts.ts'
import type { ToolFacts } from '../model/tool-facts.ts'
import type { CompiledManifest } from './compile.ts'
import type { GuardFacts } from './guard-votes.ts'

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
  /** Budgets reserved for this act, all or none. */
  readonly budget: {
    readonly reserved: boolean
    readonly keys: readonly string[]
    readonly limit?: string
    readonly retryAfterMs?: number
    /** When they were taken, by the clock of whoever keeps the budgets, where that is not `nowMs`; to the microsecond. */
    readonly atMs?: number
  }
}
