import { decide } from './decide/decide.ts'
import type { Facts } from './decide/facts.ts'
import type { Spend } from './decide/spends.ts'
import { mustAsk } from './decide/with-people.ts'
import { type ErrorCode, GatewayError, isGatewayError } from './errors.ts'
import { FINDINGS_MAX, type Inspected } from './inspect/findings.ts'
import type { Action, ActionKind } from './model/action.ts'
import type { Decision } from './model/decision.ts'
import type { Content, DecisionEntry, EntryBody, OutcomeEntry } from './model/entry.ts'
import { jcs } from './model/jcs.ts'
import type { JsonObject } from './model/json.ts'
import type { Principal } from './model/principal.ts'
import type { ReasonCode } from './reasons.ts'
import { flowMember } from './record/flow-member.ts'
import { modelAsked } from './record/model-asked.ts'
import { shape } from './record/shape.ts'
import type {
  Acted,
  Foreseen,
  Foresight,
  Gathered,
  Handling,
  Inbound,
  Outbound,
  Performing,
  Refused,
  Released,
  Releasing,
  Stages,
  Target,
  Waiting,
} from './stages.ts'

/**
 * One act, start to finish: identify → normalise → inspect → gather → decide → record → act → inspect → release → record.
 * The only place where stages meet.
 * @throws GatewayError for expected failures (identity, bad request, upstream, audit); everything else is a bug. Whatever is
 * thrown, no act happened without a durable decision, and no result leaves without a durable outcome.
 */
export async function handle<Request extends Inbound>(request: Request, stage: Stages<Request>): Promise<Outbound> {
  const { principal, target, given, text, input, action, handling, inspected } = await understand(request, stage)
  const { findings } = inspected
  const gathered = await stage.gather(principal, action)
  const reserved = stage.reserve(principal, action, gathered, ifBudgetsHold(principal, action, findings))
  // Awaiting what is there already would put other requests between taking the call and deciding.
  const taken = reserved instanceof Promise ? await reserved : reserved
  const first = decide(principal, action, findings, taken)
  const isLost = first.approval !== undefined && !(await consumed({ principal, action, facts: taken }, stage))
  // Another gateway used it, or its time was over: the same facts without it.
  const facts = isLost ? { ...taken, approval: {} } : taken
  const decision = isLost ? decide(principal, action, findings, facts) : first
  const named = { ...action, ...(target.label === undefined ? {} : { name: target.label }) }
  const act = actFields(stage.newId(), { principal, action: named, handling, replica: stage.replica, manifest: facts.manifest })
  if (decision.enforced !== 'allow') stage.settle(principal, action, facts)
  const decided = { act, input, decision, inspected, facts, request }
  const keep = keptInput(decision, facts, handling)
  const recorded = keep
    ? keep(text).then((vault) => stage.record(decisionEntry({ ...decided, input: { ...input, vault } }, stage)))
    : stage.record(decisionEntry(decided, stage))
  const entry = await recorded.catch((error: unknown) => {
    if (decision.enforced === 'allow') stage.settle(principal, action, facts)
    throw error
  })
  if (decision.enforced !== 'allow') {
    const isAsked = decision.enforced === 'require_approval' && facts.approval !== undefined
    const waiting = isAsked ? await stage.ask?.({ principal, action, name: named.name, decision, facts, entry }) : undefined
    return refused(entry, { ...decision, effect: decision.enforced, exhausted: facts.budget.exhausted, waiting, facts })
  }
  const startMs = stage.nowMs()
  const outcome = { ...act, type: 'outcome' as const, decision: entry }
  const verdict = { entry, commitment: input.commitment }
  const isSame = (): boolean => handling.commit(jcs(given)).commitment === verdict.commitment
  const done = await perform(request, { principal, action, decision, inspected, facts, handling, verdict, isSame }, stage).catch(
    async (error: unknown) => {
      const failure = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error', { cause: error })
      await stage.record({
        ...outcome,
        ...failed(failure.code),
        ...spendMember(stage.spent?.(action)),
        durationMs: stage.nowMs() - startMs,
      })
      throw failure
    },
  )
  const { released } = done
  await Promise.all([
    stage.record({ ...outcome, ...done.record, ...spendMember(stage.spent?.(action)), durationMs: stage.nowMs() - startMs }),
    released.effect === 'allow' ? stage.remember?.(done.releasing) : undefined,
  ])
  if (released.effect !== 'allow') return refused(entry, { effect: released.effect, reasons: released.reasons })
  return { ok: true, entry, status: done.status, content: released.content }
}

/**
 * What would be decided about an act if it were sent now: the same stages up to the same `decide`, and none after it. The answer is
 * recorded before it is given, as what it is: nothing is done, taken, used up or asked for.
 * @throws GatewayError as `handle` does before it decides, and `AUDIT_UNAVAILABLE`
 */
export async function evaluate<Request extends Inbound>(request: Request, stage: Foresight<Request>): Promise<Foreseen> {
  const { principal, target, input, action, handling, inspected } = await understand(request, stage)
  const gathered = await stage.gather(principal, action)
  const foreseen = stage.foresee(principal, action, gathered, ifBudgetsHold(principal, action, inspected.findings))
  const facts = foreseen instanceof Promise ? await foreseen : foreseen
  const decision = decide(principal, action, inspected.findings, facts)
  const named = { ...action, ...(target.label === undefined ? {} : { name: target.label }) }
  const act = actFields(stage.newId(), { principal, action: named, handling, replica: stage.replica, manifest: facts.manifest })
  const decided = { act, input, decision, inspected, facts, request }
  const entry = await stage.record({ ...verdictFields(decided, stage), type: 'evaluation' })
  const obligations = decision.obligations.map((obligation) => obligation.type)
  const { enforced: effect, reasons } = decision
  if (effect === 'allow') return { entry, effect, reasons, details: [], obligations }
  const waiting = waitingFor(decision, facts)
  const { ok: _, ...said } = refused(entry, { ...decision, effect, exhausted: facts.budget.exhausted, waiting })
  return { ...said, obligations: [] }
}

/** The request for approval that stands already; sending the act would make none. */
function waitingFor(decision: Decision, facts: Facts): Waiting | undefined {
  const request = facts.approval?.request
  if (decision.enforced !== 'require_approval' || !request || mustAsk(decision, facts)) return undefined
  return { id: request.id, expiresMs: request.expiresMs }
}

/** Whether an act would be allowed if only its budgets had room. */
function ifBudgetsHold(principal: Principal, action: Action, findings: Inspected['findings']): (now: Gathered) => boolean {
  const budget = { reserved: true, keys: [] }
  return (now) => decide(principal, action, findings, { ...now, budget }).enforced === 'allow'
}

interface Understood {
  readonly principal: Principal
  readonly target: Target
  /** The arguments, with what the client answered where it did. */
  readonly given: JsonObject
  /** JCS form of `given`. */
  readonly text: string
  readonly input: Content
  readonly action: Action
  readonly handling: Handling
  readonly inspected: Inspected
}

/** identify → normalise → handling → inspect: who wants what, and what was seen in it. */
async function understand<Request extends Inbound>(
  request: Request,
  stage: Pick<Stages<Request>, 'identify' | 'normalise' | 'handling' | 'inspect'>,
): Promise<Understood> {
  const principal = await stage.identify(request)
  const target = stage.normalise(request, principal)
  const given = target.inputs ? { args: target.args, inputs: target.inputs } : target.args
  const asked = { ...target, kind: request.kind }
  const handled = stage.handling(principal, asked)
  const handling = handled instanceof Promise ? await handled : handled
  const text = jcs(given)
  const input = committed(text, given, handling.commit)
  const action = canonical(asked, input.commitment, handling.commit)
  const hasInputs = target.inputs !== undefined
  const looked = stage.inspect(principal, { ...asked, direction: 'arguments', value: given, hasInputs })
  const inspected = looked instanceof Promise ? await looked : looked
  return { principal, target, given, text, input, action, handling, inspected }
}

interface Allowed extends Performing {
  readonly action: Action
  readonly handling: Handling
  /** Whether the arguments are still those of the verdict. */
  readonly isSame: () => boolean
}

interface Done {
  readonly status: Acted['status']
  readonly releasing: Releasing
  readonly released: Released
  readonly record: Pick<OutcomeEntry, 'status' | 'reasons' | 'output' | 'findings' | 'effect' | 'source' | 'detected' | 'model'>
}

/** act → inspect result → release: what happened, and what of it the agent gets. */
async function perform<Request extends Inbound>(request: Request, allowed: Allowed, stage: Stages<Request>): Promise<Done> {
  const { principal, action, decision, facts, handling } = allowed
  requireSame(allowed.isSame())
  const acted = await stage.act(request, action, allowed)
  const { kind, server, name } = action
  const place = { kind, ...(server === undefined ? {} : { server }), ...(name === undefined ? {} : { name }) }
  const text = jcs(acted.content)
  const looked = stage.inspect(principal, { ...place, direction: 'result', value: acted.content })
  const inspected = looked instanceof Promise ? await looked : looked
  if (looked instanceof Promise) requireSame(jcs(acted.content) === text)
  const output = committed(text, acted.content, handling.commit)
  const releasing = {
    principal,
    action,
    decision,
    facts,
    acted,
    inspected,
    commitment: output.commitment,
    entry: allowed.verdict.entry,
  }
  const released = stage.release(releasing)
  // Kept before the entry that refers to it, and before anything is released.
  const vault = await (released.isQuarantined ? handling.quarantine : handling.keepOutput)?.(text)
  const record = {
    status: released.effect !== 'allow' ? ('withheld' as const) : acted.status,
    reasons: [...new Set([...(acted.reasons ?? []), ...released.reasons])],
    output: { ...output, ...(vault && { vault }) },
    ...seen(both(acted.seen, inspected)),
    ...(released.source && { source: released.source }),
    ...(acted.model && { model: acted.model }),
    effect: acted.changes ? ('unconfirmed' as const) : ('none' as const),
  }
  return { status: acted.status, releasing, released, record }
}

/** R142: an approval is used up before the act that it allows is recorded, so that it never allows two. */
async function consumed<Request extends Inbound>(
  { principal, action, facts }: Pick<Performing, 'principal' | 'facts'> & { readonly action: Action },
  stage: Stages<Request>,
): Promise<boolean> {
  try {
    const request = facts.approval?.request
    return request !== undefined && (await stage.consume?.(request)) === true
  } catch (error) {
    stage.settle(principal, action, facts)
    throw error
  }
}

/** What is refused is not kept: nobody fills the vault with what they may not do. What people are asked about is, for them. */
function keptInput(decision: Decision, facts: Facts, { keepInput, keepAsked }: Handling): Handling['keepInput'] {
  if (decision.enforced === 'deny') return undefined
  return keepInput ?? (mustAsk(decision, facts) ? keepAsked : undefined)
}

/** R081: nothing is used that is not, to the byte, what was inspected. */
function requireSame(isSame: boolean): void {
  if (!isSame) throw new GatewayError('REQUEST_CHANGED', 'the content is not the one that was inspected')
}

/** Reasons that say what became of a request for approval. */
const ANSWERED: ReadonlySet<ReasonCode> = new Set(['approval_rejected', 'approval_expired', 'approval_cancelled'])

/** Most one refusal says about itself. */
const DETAILS_MAX = 5

interface Refusal extends Pick<Partial<Decision>, 'votes' | 'retryAfterMs'> {
  readonly effect: 'deny' | 'require_approval'
  readonly reasons: readonly ReasonCode[]
  readonly exhausted?: Facts['budget']['exhausted'] | undefined
  readonly waiting?: Waiting | undefined
  readonly facts?: Facts
}

function refused(entry: number, { effect, reasons, votes = [], retryAfterMs, exhausted, waiting, facts }: Refusal): Refused {
  const answered = facts?.approval?.request
  const details = votes.flatMap((vote) => (vote.effect === effect && vote.mode === 'enforce' && vote.detail ? [vote.detail] : []))
  return {
    ok: false,
    entry,
    effect,
    reasons,
    details: details.slice(0, DETAILS_MAX),
    ...(exhausted && reasons.includes('budget_exhausted') ? { exhausted } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(waiting && { waiting }),
    ...(answered && reasons.some((reason) => ANSWERED.has(reason)) && { answered: answered.id }),
  }
}

/** @param input Commitment to the arguments and the client's answers. */
function canonical({ kind, server, name, args }: Target & { readonly kind: ActionKind }, input: string, commit: Commit): Action {
  const digest = commit(jcs([kind, server ?? null, name ?? null, input])).commitment
  return { kind, ...(server === undefined ? {} : { server }), ...(name === undefined ? {} : { name }), args, digest }
}

type Commit = Handling['commit']

/** @param text JCS form of `value`. */
function committed(text: string, value: JsonObject, commit: Commit): Content {
  const { bytes, commitment } = commit(text)
  return { bytes, commitment, shape: shape(value) }
}

type ActFields = Pick<
  DecisionEntry,
  'act' | 'actor' | 'onBehalfOf' | 'session' | 'task' | 'purpose' | 'subject' | 'classes' | 'replica' | 'action'
>

interface Acting {
  readonly principal: Principal
  readonly action: Action
  readonly handling: Handling
  readonly replica: string | undefined
  readonly manifest: Facts['manifest']
}

// Members of what is recorded stand in canonical order, so that encoding an entry copies little.
function actFields(id: string, { principal, action, handling, replica, manifest }: Acting): ActFields {
  // What people signed for the task; what a caller says itself, only where they said nothing.
  const purpose = manifest?.tasks.get(principal.task ?? '')?.purpose ?? principal.purpose
  return {
    act: id,
    actor: { credential: principal.credential, id: principal.agent, method: principal.method, type: 'agent' },
    onBehalfOf: principal.user ? { issuer: principal.user.issuer, user: principal.user.id } : 'system',
    session: principal.session,
    ...(principal.task === undefined ? {} : { task: principal.task }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(handling.subject === undefined ? {} : { subject: handling.subject }),
    ...(handling.classes === undefined ? {} : { classes: [...handling.classes] }),
    ...(replica === undefined ? {} : { replica }),
    action: {
      digest: action.digest,
      kind: action.kind,
      ...(action.name === undefined ? {} : { name: action.name }),
      ...(action.server === undefined ? {} : { server: action.server }),
    },
  }
}

interface Decided {
  readonly act: ActFields
  readonly input: Content
  readonly decision: Decision
  readonly inspected: Inspected
  readonly facts: Facts
  readonly request: Inbound
}

function decisionEntry(decided: Decided, stage: { version: string }): EntryBody {
  const { decision, facts } = decided
  return {
    ...verdictFields(decided, stage),
    type: 'decision',
    ...approvalMember(decision, facts),
    ...(facts.model && { model: modelAsked(facts.model) }),
    budgets: decision.enforced === 'allow' && facts.budget.reserved ? [...facts.budget.keys] : [],
    ...(decision.enforced === 'allow' ? spendMember(facts.budget.spends) : {}),
  }
}

/** What a decision says of itself, whether the act follows or not. */
function verdictFields(
  { act, input, decision, inspected, facts, request }: Decided,
  { version }: { version: string },
): Omit<Extract<EntryBody, { type: 'evaluation' }>, 'type'> {
  const correlation = Object.entries(request.correlation).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return {
    ...act,
    input,
    evaluated: decision.evaluated,
    enforced: decision.enforced,
    reasons: [...decision.reasons],
    votes: decision.votes.map(({ retryAfterMs: _, ...vote }) => vote),
    obligations: decision.obligations.map((obligation) => obligation.type),
    ...seen(inspected),
    versions: {
      ...(facts.tool?.definitionHash === undefined ? {} : { definition: facts.tool.definitionHash }),
      epoch: facts.isolation.epoch,
      gateway: version,
      ...(facts.guard ? { guard: facts.guard.hash } : {}),
      ...(facts.manifest ? { manifest: facts.manifest.hash } : {}),
    },
    ...flowMember(facts.flow),
    ...(decision.retryAfterMs === undefined ? {} : { retryAfterMs: decision.retryAfterMs }),
    ...(correlation.length > 0 ? { correlation: Object.fromEntries(correlation) } : {}),
  }
}

function approvalMember({ approval }: Decision, facts: Facts): Pick<DecisionEntry, 'approval'> {
  const request = facts.approval?.request
  if (approval === undefined || !request) return {}
  return { approval: { asked: request.decision, by: request.votes.map(({ user }) => user), id: approval } }
}

function spendMember(spends: readonly Spend[] | undefined): Pick<OutcomeEntry, 'spends'> {
  if (!spends || spends.length === 0) return {}
  return { spends: spends.map(({ key, amount, windowMs }) => ({ amount, key, windowMs })) }
}

function both(
  before: Acted['seen'],
  { findings, classes }: Pick<Inspected, 'findings' | 'classes'>,
): Pick<Inspected, 'findings' | 'classes'> {
  if (!before) return { findings, classes }
  const all = [...findings, ...before.findings].slice(0, FINDINGS_MAX)
  return { findings: all, classes: [...new Set([...classes, ...before.classes])].sort() }
}

/** What the record holds of an inspection. */
function seen({ findings, classes }: Pick<Inspected, 'findings' | 'classes'>): Pick<OutcomeEntry, 'findings' | 'detected'> {
  return {
    findings: findings.map((finding) => ({ ...finding })),
    ...(classes.length > 0 ? { detected: [...classes] } : {}),
  }
}

function failed(code: ErrorCode): Pick<OutcomeEntry, 'status' | 'code' | 'reasons' | 'findings' | 'effect'> {
  const cancelled = code === 'UPSTREAM_CANCELLED' || code === 'REQUEST_CANCELLED'
  return { status: cancelled ? 'cancelled' : 'failure', code, reasons: [], findings: [], effect: 'unconfirmed' }
}
