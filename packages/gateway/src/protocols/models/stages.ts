import {
  type Acted,
  type Action,
  answerReasons,
  type AuditLog,
  type Candidate,
  type CompiledManifest,
  type CompiledModels,
  type Content,
  currenciesOf,
  eligibleCandidates,
  type Facts,
  type Gathered,
  GatewayError,
  type Handling,
  type Inspected,
  isGatewayError,
  jcs,
  type JsonObject,
  meetsContract,
  type ModelFacts,
  type ModelPolicy,
  parseJson,
  type Performing,
  type Principal,
  type ReasonCode,
  type Released,
  type Releasing,
  repeatedCallsOf,
  settledSpends,
  type Spend,
  type Stages,
  subjectId,
  userSubject,
  visibleModels,
} from '@sallyport/core'
import type { Budgets } from '../../budgets.ts'
import type { Flow } from '../../flow.ts'
import { type ContentDeps, handleContent } from '../../handle-content.ts'
import type { PromptVersions } from '../../prompt-versions.ts'
import type { Repeats } from '../../repeats.ts'
import { reserveBudgets } from '../../reserve-budgets.ts'
import type { Meter } from './ask-provider.ts'
import { askedFor, type Digest, digestsOf, judgeHistory } from './history.ts'
import type { ModelRequest } from './model-request.ts'
import { performCall, type PerformDeps, type Terms } from './perform.ts'
import { promptInForce } from './prompt-in-force.ts'
import { type Remembered, rememberPrompt } from './remember.ts'
import type { ModelCall } from './wire.ts'

export interface StageDeps extends Omit<PerformDeps, 'requireLive' | 'keepReasoning'> {
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  readonly unwitnessed: () => Facts['unwitnessed']
  readonly manifest: (agent: string) => CompiledManifest | undefined
  /** Candidates by the name agents use. */
  readonly candidates: () => ReadonlyMap<string, readonly Candidate[]>
  readonly prompts: PromptVersions
  readonly budgets: Budgets
  readonly repeats: Repeats
  readonly audit: Pick<AuditLog, 'append'>
  readonly nowMs: () => number
  readonly newId: () => string
  readonly commit: Handling['commit']
  readonly vault: ContentDeps['vault']
  readonly version: string
  readonly replica?: string
  /** What is known of the content of sessions; without it no history can be checked. */
  readonly flow?: Flow
}

export interface ModelStages extends Stages<ModelRequest> {
  /** The conversation of a request, as it was found. */
  history(request: ModelRequest): Remembered | undefined
  readonly digest: Digest
}

/** The pipeline's stages for model calls. */
export function openStages(deps: StageDeps): ModelStages {
  const { nowMs, newId, version, flow } = deps
  /** A request by its body, which is the act's arguments; what was seen in it; what was decided on. */
  const requests = new WeakMap<JsonObject, ModelRequest>()
  const seen = new WeakMap<JsonObject, Inspected>()
  const terms = new WeakMap<JsonObject, Terms>()
  const histories = new WeakMap<JsonObject, Remembered>()
  const spent = new WeakMap<JsonObject, readonly Spend[]>()
  const { spend, ...reserving } = reserveBudgets({ budgets: deps.budgets, repeats: deps.repeats, gather })
  const digest: Digest = (text) => deps.commit(text).commitment
  return {
    identify: (request) => deps.identify(request.authorization, request.agent),
    normalise(request) {
      requests.set(request.body, request)
      if (request.kind === 'model.list') return { args: request.body }
      const { model, places } = request.ask
      // A name nobody offers is the caller's text.
      return { name: model, ...(deps.candidates().has(model) ? {} : { label: 'unknown' }), args: request.body, places }
    },
    handling: (principal, action) => handleContent({ principal, action, manifest: deps.manifest(principal.agent) }, deps),
    inspect(principal, content) {
      const found = deps.guard.inspect(principal, content)
      if (content.direction === 'result') return found
      const keep = (inspected: Inspected): Inspected => {
        seen.set(content.value, inspected)
        return inspected
      }
      return found instanceof Promise ? found.then(keep) : keep(found)
    },
    gather,
    ...reserving,
    spent: ({ args }) => spent.get(args),
    record: (entry) => deps.audit.append(entry),
    act,
    release,
    nowMs,
    newId,
    version,
    ...(deps.replica === undefined ? {} : { replica: deps.replica }),
    history: ({ body }) => histories.get(body),
    digest,
  }

  function modelsOf(principal: Principal): CompiledModels | undefined {
    return deps.manifest(principal.agent)?.tasks.get(principal.task ?? '')?.models
  }

  async function gather(principal: Principal, action: Action): Promise<Gathered> {
    const request = requests.get(action.args)
    const history = request && action.kind !== 'model.list' ? await remembered(principal, request) : undefined
    // Read after the last wait: what is decided on is what is true now.
    const manifest = deps.manifest(principal.agent)
    const models = modelsOf(principal)
    const unwitnessed = deps.unwitnessed()
    const guard = deps.guard.facts(principal, action)
    const known = action.kind !== 'model.list' && request && manifest && models
    return {
      nowMs: nowMs(),
      ...(manifest ? { manifest } : {}),
      isolation: deps.isolation(principal.agent),
      ...(unwitnessed && { unwitnessed }),
      ...(known
        ? { model: modelFacts({ principal, request, manifest, models, history, sessionClasses: guard.sessionClasses }) }
        : {}),
      ...(action.kind === 'model.list' ? {} : { guard }),
    }
  }

  interface Known {
    readonly principal: Principal
    readonly request: ModelRequest
    readonly manifest: CompiledManifest
    readonly models: CompiledModels
    readonly history: Remembered | undefined
    readonly sessionClasses: readonly string[]
  }

  function modelFacts({ principal, request, manifest, models, history, sessionClasses }: Known): ModelFacts {
    const { policy } = models
    const { wire, ask, body } = request
    const purpose = manifest.tasks.get(principal.task ?? '')?.purpose
    const prompt = promptInForce(request, policy, deps.prompts)
    const eligibility = eligibleCandidates(deps.candidates().get(ask.model) ?? [], {
      wire: wire.id,
      classes: carried(policy, [...sessionClasses, ...(history?.classes ?? [])], seen.get(body)),
      ...(policy.residency && { residency: policy.residency }),
      ...(policy.origin === undefined ? {} : { origin: policy.origin }),
      ...(purpose === undefined ? {} : { purpose }),
      features: ask.features,
      currencies: wire.kind === 'model.count' ? [] : currenciesOf(principal, manifest),
      nowMs: nowMs(),
    })
    terms.set(body, { eligible: eligibility.eligible, models, prompt })
    const { altered, unseen } = history?.verdict ?? { altered: 0, unseen: 0 }
    return {
      wire: wire.id,
      eligibility,
      features: ask.features,
      system: prompt.system,
      ...(prompt.prompt && { prompt: prompt.prompt }),
      history: { altered, unseen },
      bound: { ...ask.bound, inputTokens: Buffer.byteLength(request.raw) + Buffer.byteLength(prompt.text ?? '') },
      params: ask.params,
    }
  }

  /**
   * Classes a call carries: declared, seen in it, or seen in its session. One is left out only where the terms say that
   * placeholders are enough and every trace of it that was seen here is replaced by one.
   */
  function carried(policy: ModelPolicy, sessionClasses: readonly string[], inspected: Inspected | undefined): readonly string[] {
    const redacts = deps.guard.redacts
    const isTakenOut = (of: string): boolean =>
      policy.deidentify.includes(of) &&
      !policy.classes.includes(of) &&
      (inspected?.seen ?? []).every(({ finding }) => finding.class !== of || redacts(finding, policy.classes))
    return [...new Set([...policy.classes, ...sessionClasses])].filter((of) => !isTakenOut(of))
  }

  async function remembered(principal: Principal, { ask, body }: ModelRequest): Promise<Remembered | undefined> {
    if (!flow || ask.turns.length === 0) return undefined
    const known = histories.get(body)
    if (known) return known
    const { turns: digests, end } = digestsOf(ask.turns, digest)
    const { delivered, classes } = await flow.recall(principal, askedFor(digests))
    const history = { digests, end, delivered, classes, verdict: judgeHistory(digests, delivered) }
    histories.set(body, history)
    return history
  }

  /** R129, R130: sealed, for days only, under the keys of the person it was for, where there is one. */
  async function keepReasoning({ user }: Principal, text: string): Promise<Content> {
    const subject = user && (await deps.vault.subject(subjectId(userSubject(user))))
    const vault = await deps.vault.keep({ ...(subject && { subject }), class: 'reasoning', text })
    return { ...(subject?.commit ?? deps.commit)(text), vault }
  }

  /** Recording takes time: what was decided must still hold when it is done. */
  function requireLive(agent: string): void {
    if (deps.isolation(agent).isolated) throw new GatewayError('REQUEST_CANCELLED', 'the agent is isolated')
  }

  async function act(request: ModelRequest, action: Action, allowed: Performing): Promise<Acted> {
    requireLive(allowed.principal.agent)
    if (action.kind === 'model.list') {
      const names = visibleModels(allowed.principal, deps.manifest(allowed.principal.agent)).filter((name) =>
        deps.candidates().has(name),
      )
      return { status: 'success', content: { models: names }, changes: false }
    }
    const decided = terms.get(request.body)
    if (!decided) throw new GatewayError('INTERNAL', 'an act without terms')
    const history = histories.get(request.body)
    if (flow && history) {
      const isPinned = decided.prompt.system === 'pinned'
      await rememberPrompt(flow, allowed.principal, {
        history,
        isPinned,
        classes: allowed.inspected.classes,
        entry: allowed.verdict.entry,
      })
    }
    const meter: Meter = { lost: 0 }
    try {
      return await performCall(request, { allowed, terms: decided, meter }, { ...deps, requireLive, keepReasoning })
    } catch (error) {
      // Asking again because nobody answered is no loop.
      const { loop } = allowed.facts.budget
      if (loop && isGatewayError(error) && error.code !== 'UPSTREAM_CANCELLED') deps.repeats.giveBack(loop.key, loop.atMs)
      throw error
    } finally {
      const used = settledSpends(allowed.facts.budget.spends ?? [], meter)
      spend(allowed.facts, used)
      spent.set(request.body, used)
    }
  }

  function release(releasing: Releasing): Released {
    const { action, acted } = releasing
    const request = requests.get(action.args)
    const { models } = terms.get(action.args) ?? {}
    if (action.kind === 'model.list' || !request?.answer || !models) return { effect: 'allow', reasons: [], content: acted.content }
    const { answer, wire } = request
    const stopped = answer.type === 'stream' ? answer.relay.stoppedBy() : undefined
    if (stopped) {
      const reasons = answerReasons(stopped)
      return {
        effect: 'deny',
        reasons: reasons.length > 0 ? reasons : ['content_unscanned'],
        content: acted.content,
        isQuarantined: true,
      }
    }
    const { classes: cleared, restore } = models.policy
    const guarded = deps.guard.release(releasing, { cleared, restore, isConsequential: true })
    if (guarded.effect !== 'allow' || action.kind !== 'model.call') return guarded
    const said = answer.type === 'stream' ? answer.relay.said() : wire.said(guarded.content)
    if (isLoop(releasing, said.calls)) return { ...guarded, effect: 'deny', reasons: [...guarded.reasons, 'loop_detected'] }
    if (!models.contract) return guarded
    // An answer that only asks for tools is not the one the task is after.
    const missed: readonly ReasonCode[] = said.text === '' && said.calls.length > 0 ? [] : meetsContract(models.contract, said.text)
    if (missed.length === 0) return guarded
    return { ...guarded, effect: 'require_approval', reasons: [...guarded.reasons, ...missed], isQuarantined: true }
  }

  /** Whether a model asks once more for a tool call that it has asked for too often. */
  function isLoop({ principal, facts: { manifest } }: Releasing, calls: readonly ModelCall[]): boolean {
    if (!manifest) return false
    const digests = calls.map(({ name, args }) => digest(jcs([name, canonicalArgs(args)])))
    return repeatedCallsOf(principal, digests, manifest).some((repeat) => deps.repeats.take(repeat, nowMs()).isLoop)
  }
}

/** Arguments whatever their spelling; as the model wrote them where they are no JSON. */
function canonicalArgs(args: string): string {
  try {
    return jcs(parseJson(args))
  } catch {
    return args
  }
}
