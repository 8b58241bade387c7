import type { Exhausted, Facts } from './decide/facts.ts'
import type { Spend } from './decide/spends.ts'
import type { Inspected } from './inspect/findings.ts'
import type { Action, ActionKind } from './model/action.ts'
import type { ApprovalRecord } from './model/approval.ts'
import type { Decision, Effect } from './model/decision.ts'
import type { Content, EntryBody, ModelServed, OutcomeEntry } from './model/entry.ts'
import type { JsonObject } from './model/json.ts'
import type { Place } from './model/place.ts'
import type { Correlation, Principal } from './model/principal.ts'
import type { ReasonCode } from './reasons.ts'

/** One request as a protocol decoded it: what is asked, by a caller nobody has verified yet. */
export interface Inbound {
  /** Address the caller used: the agent the URL names. */
  readonly agent: string
  readonly authorization: string | undefined
  readonly kind: ActionKind
  readonly correlation: Correlation
}

/** What a request asks for, once the upstream's names are known. */
export interface Target {
  readonly server?: string
  readonly name?: string
  /** What the record names instead of `name`, where that could carry personal data. */
  readonly label?: string
  readonly args: JsonObject
  /** Answers of the agent's client to what a server asked in an earlier round of the same call. */
  readonly inputs?: JsonObject
  /** Parts of the arguments that came by a channel of their own: the messages of a prompt. */
  readonly places?: readonly Place[]
}

/** What came back, before release. `content` is what is inspected, committed to and given to the agent. */
export interface Acted {
  /** `failure`: the server answered that it could not; `content` says so in the gateway's words. */
  readonly status: 'success' | 'tool_error' | 'input_required' | 'failure'
  readonly content: JsonObject
  /** Whether the act may have changed something outside. */
  readonly changes: boolean
  /** What happened on the way that the record must say. */
  readonly reasons?: readonly ReasonCode[]
  /** What was seen besides the result: in notices, questions and answers on the way, in the single items of a list. */
  readonly seen?: Pick<Inspected, 'findings' | 'classes'>
  /** Who answered a model call, and how. */
  readonly model?: ModelServed
}

export interface Released {
  /** `require_approval`: it waits for a person, and the agent gets none of it. */
  readonly effect: Effect
  readonly reasons: readonly ReasonCode[]
  readonly content: JsonObject
  /** Whether what came back was stopped on suspicion and a person may want to see it. */
  readonly isQuarantined?: boolean
  /** Where the content came from, for the record. */
  readonly source?: OutcomeEntry['source']
}

/** A content to inspect: the arguments of an act, or what came back. */
export interface Inspectable extends Pick<Target, 'server' | 'name' | 'places'> {
  readonly kind: ActionKind
  readonly direction: 'arguments' | 'result'
  /** Whether `value` is `{ args, inputs }`: the arguments with what a person answered. */
  readonly hasInputs?: boolean
  readonly value: JsonObject
}

/** One result on its way to the agent. */
export interface Releasing {
  readonly principal: Principal
  readonly action: Action
  readonly decision: Decision
  readonly facts: Facts
  readonly acted: Acted
  readonly inspected: Inspected
  /** Keyed commitment to the content as it came. */
  readonly commitment: string
  /** Index of the durable decision. */
  readonly entry: number
}

/** Where the vault keeps a content: what the record holds of it. */
export type Kept = NonNullable<Content['vault']>

/** Keeps a text in the vault; durable when it resolves. @throws GatewayError `VAULT_UNAVAILABLE` */
export type KeepText = (text: string) => Promise<Kept>

/** What happens to the content of one act. */
export interface Handling {
  /** Keyed commitment to a text (HMAC-SHA-256, hex), and the text's length in UTF-8 bytes. */
  readonly commit: (text: string) => { readonly commitment: string; readonly bytes: number }
  /** Pseudonym of the person it is about; with it, `commit` is under that person's own key. */
  readonly subject?: string
  readonly classes?: readonly string[]
  /** Absent where policy does not keep it. */
  readonly keepInput?: KeepText
  readonly keepOutput?: KeepText
  /** Keeps the arguments of an act that people are asked about, for them; absent where there is no vault. */
  readonly keepAsked?: KeepText
  /** Keeps what was stopped on its way in, for those who may look at it; absent where there is no vault. */
  readonly quarantine?: KeepText
}

/** The facts before anything was taken from a budget. */
export type Gathered = Omit<Facts, 'budget'>

/** The world as the pipeline needs it. Every stage is called in `handle` and nowhere else. */
export interface Stages<Request extends Inbound> {
  /** @throws GatewayError `IDENTITY_*`, `KEYS_UNAVAILABLE` */
  identify(request: Request): Promise<Principal>
  /** @throws GatewayError `REQUEST_*` */
  normalise(request: Request, principal: Principal): Target
  /**
   * Who the content is about, and how it is committed to and kept. A promise only where a person's keys are not at hand.
   * @throws GatewayError `REQUEST_PARAMS` when nobody is named who must be, `VAULT_UNAVAILABLE`: nothing happens.
   */
  handling(principal: Principal, target: Target & { readonly kind: ActionKind }): Handling | Promise<Handling>
  /**
   * Runs the detectors. They report and never decide; one that fails is a finding. A promise only where a model off this thread
   * has to be asked.
   */
  inspect(principal: Principal, content: Inspectable): Inspected | Promise<Inspected>
  /** Reads every fact once. Nothing but `reserve` follows until the decision is recorded. */
  gather(principal: Principal, action: Action): Promise<Gathered>
  /**
   * Takes from the budgets so that no refused act ever keeps a call from another one. Budgets in this process are taken in the
   * same step as the decision. Budgets that must be waited for are taken only if the act would be allowed with them
   * (`wouldAllow`), and every fact is read again after the wait: what is decided on is what is true then.
   * @throws GatewayError `STORE_UNAVAILABLE` when whoever keeps the budgets cannot be asked: nothing happens.
   */
  reserve(
    principal: Principal,
    action: Action,
    gathered: Gathered,
    wouldAllow: (gathered: Gathered) => boolean,
  ): Facts | Promise<Facts>
  /** Gives back what `reserve` took, when the act does not happen. */
  settle(principal: Principal, action: Action, facts: Facts): void
  /**
   * Uses up the approval that a decision rests on, once among all gateways: durable when it resolves.
   * @returns Whether it could still be used.
   */
  consume?(approval: ApprovalRecord): Promise<boolean>
  /**
   * Asks people about an act that waits for them, or finds that they are asked already.
   * @throws GatewayError `LIMIT_OVERLOADED` when too many acts of the agent wait
   */
  ask?(asking: Asking): Promise<Waiting>
  /** What the act used of the amounts it reserved, once it is over; nothing where it reserved none. */
  spent?(action: Action): readonly Spend[] | undefined
  /** Durable when it resolves; see the port. */
  record(entry: EntryBody): Promise<number>
  /**
   * Performs the act with credentials only the gateway holds, under the obligations of its decision. Must honour cut-off by
   * isolation.
   */
  act(request: Request, action: Action, allowed: Performing): Promise<Acted>
  /** The same decision, applied to what came back. */
  release(releasing: Releasing): Released
  /**
   * Puts what is released into the memory of its session, while its outcome is recorded: the agent gets it after both.
   * @throws GatewayError `STORE_UNAVAILABLE`: it is not released.
   */
  remember?(releasing: Releasing): void | Promise<void>
  readonly nowMs: () => number
  readonly newId: () => string
  readonly version: string
  /** This process among several gateways over one log. */
  readonly replica?: string
}

/**
 * What the pipeline needs to say what would be decided, and no stage that does something. `inspect` and `gather` leave no trace in
 * any session, and nothing is taken from a budget.
 */
export interface Foresight<Request extends Inbound> extends Pick<
  Stages<Request>,
  'identify' | 'normalise' | 'handling' | 'inspect' | 'gather' | 'record' | 'newId' | 'version' | 'replica'
> {
  /** Looks at the budgets as `reserve` would take from them, after the same wait. @throws GatewayError `STORE_UNAVAILABLE` */
  foresee(
    principal: Principal,
    action: Action,
    gathered: Gathered,
    wouldAllow: (gathered: Gathered) => boolean,
  ): Facts | Promise<Facts>
}

/** What would be decided about an act now. */
export interface Foreseen extends Pick<Refused, 'entry' | 'reasons' | 'details' | 'exhausted' | 'retryAfterMs' | 'waiting'> {
  readonly effect: Effect
  /** What the act would be performed under, by type. */
  readonly obligations: readonly string[]
}

/** An act that waits for people. */
export interface Asking {
  readonly principal: Principal
  readonly action: Action
  /** Its name as the record has it, which may hold less than the name itself. */
  readonly name: string | undefined
  readonly decision: Decision
  readonly facts: Facts
  /** Index of the durable decision. */
  readonly entry: number
}

/** A request that waits for people, as the agent may know it. */
export interface Waiting {
  readonly id: string
  readonly expiresMs: number
}

/** What an act is performed under. */
export interface Performing {
  readonly principal: Principal
  readonly decision: Decision
  /** What it was decided on. */
  readonly facts: Facts
  /** What was seen in the arguments. */
  readonly inspected: Inspected
  /** The durable decision, and the commitment to exactly what was inspected for it. */
  readonly verdict: { readonly entry: number; readonly commitment: string }
}

export type Outbound =
  | { readonly ok: true; readonly entry: number; readonly status: Acted['status']; readonly content: JsonObject }
  | Refused

export interface Refused {
  readonly ok: false
  readonly entry: number
  readonly effect: 'deny' | 'require_approval'
  readonly reasons: readonly ReasonCode[]
  readonly details: readonly string[]
  /** The budget of amounts that was used up. */
  readonly exhausted?: Exhausted
  readonly retryAfterMs?: number
  /** What people are asked; present while they may still decide. */
  readonly waiting?: Waiting
  /** The request that people, or time, answered with no. */
  readonly answered?: string
}
