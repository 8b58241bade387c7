import type { ReasonCode } from '../reasons.ts'
import type { ModelPrice } from './money.ts'

/** One way to have a model call answered: a model at a provider, with what people vouched for. */
export interface Candidate {
  readonly provider: string
  /** As agents name it. */
  readonly model: string
  /** As the provider names it. */
  readonly upstreamModel: string
  /** Wire formats it speaks. */
  readonly wires: readonly string[]
  /** Wire formats that are translated into one it speaks. */
  readonly translated?: readonly string[]
  readonly tier: 'consumer' | 'enterprise' | 'private'
  /** Every region where a call may be processed. */
  readonly regions: readonly string[]
  /** Business associate agreement: until when, and features it leaves out. */
  readonly baa?: { readonly expiresMs: number; readonly excludes: readonly string[] }
  /** Mechanism for transfers of personal data, such as standard contractual clauses. */
  readonly transfer?: { readonly expiresMs: number }
  /** Data processing agreement; absent where none was recorded. */
  readonly dpa?: { readonly expiresMs: number }
  /** Whether somebody attested how it isolates and logs, with which sub-processors, under which contract. */
  readonly isAttested: boolean
  /** When the vendor was last assessed. */
  readonly reviewedMs: number
  /** Whether what it is sent may be used for training. */
  readonly trains: boolean
  /** Purposes it may be used for; any when absent. */
  readonly purposes?: readonly string[]
  /** Whether and until when the model is approved. */
  readonly approval?: { readonly expiresMs: number }
  /** What it can do beyond text; anything when absent. */
  readonly features?: readonly string[]
  /** What its tokens cost; absent where nobody says. */
  readonly price?: ModelPrice
  /** Longest answer it can give, in tokens: what is reserved where the request names no bound. */
  readonly outputTokensMax: number
}

/** A candidate that may not be asked, and the first reason why. */
export interface RefusedCandidate {
  readonly provider: string
  readonly reason: ReasonCode
}

export interface Eligibility {
  /** Who speaks the wire first, otherwise in the order of the configuration. */
  readonly eligible: readonly Candidate[]
  readonly refused: readonly RefusedCandidate[]
}

/** The most a request can use, before it is known what it does. */
export interface UsageBound {
  /** A token is at least one byte of what is sent. */
  readonly inputTokens: number
  /** Answers it asks for. */
  readonly answers: number
  /** Longest answer it allows, in tokens; the model’s own bound when absent. */
  readonly outputTokens?: number
}

/** What `gather` read about one model call. */
export interface ModelFacts {
  readonly wire: string
  readonly eligibility: Eligibility
  /** Features the request uses beyond text and the agent's own tools. */
  readonly features: readonly string[]
  /** Whether the request has a system message, and whether it is the pinned one. */
  readonly system: 'none' | 'pinned' | 'foreign'
  /** SHA-256 of the pinned prompt, and whether its text is at hand. */
  readonly prompt?: { readonly hash: string; readonly isKnown: boolean }
  /** Messages of the model and of tools: `altered` were delivered differently, `unseen` never passed here. */
  readonly history: { readonly altered: number; readonly unseen: number }
  readonly bound: UsageBound
  /** Parameters of the request, for the record: numbers, switches and short words. */
  readonly params: Readonly<Record<string, string | number | boolean>>
}
