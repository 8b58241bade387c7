import {
  applyEdits,
  dataAction,
  examine,
  isExcepted,
  judgeAnswer,
  type Channel,
  type Detector,
  type Edit,
  type Examined,
  type Finding,
  type GuardFacts,
  type Inspectable,
  type Inspected,
  inspect,
  type Json,
  type JsonObject,
  judgeResult,
  type KnownNames,
  NOTHING_SEEN,
  type Principal,
  redactions,
  type ReasonCode,
  type Releasing,
  type ResultAsked,
  restorations,
  type Sealer,
  type Source,
  sourceOf,
  type SourceProfile,
  type TrustLevel,
} from '@sallyport/core'
import type { GuardConfig } from '../config-guard.ts'
import type { ContentReader } from '../content-reader.ts'
import type { GuardModel } from '../guard-desk.ts'
import type { Guard, GuardedResult, ListedItem, Origin, Recipient, ReleaseShape, Talk, TalkParty } from '../guard.ts'
import { openAnswerScans } from './answer-scan.ts'
import { inspectAttachments } from './attachments.ts'
import { boundTexts, sanitiseTexts } from './foreign-text.ts'
import { openPromptLook } from './look-at-prompt.ts'
import { openSessionMemories, rememberText } from './session-memory.ts'
import { openTalk } from './talk.ts'
import { rememberGiven, watchArguments } from './watch-session.ts'

/** What the guard is put together from. */
export interface GuardParts {
  readonly policy: GuardConfig
  readonly detectors: readonly Detector[]
  /** Names in which they saw nothing. */
  readonly names: KnownNames
  /** Judges texts by models; a promise only where one off this thread is asked. Adds to the findings of what was examined. */
  readonly classify: (
    examined: Examined,
    about: { readonly channel: Channel; readonly trust: TrustLevel },
  ) => Inspected | Promise<Inspected>
  /** SHA-256 over policy, detectors and models. */
  readonly hash: string
  readonly models: readonly GuardModel[]
}

export interface GuardDeps {
  /** What is in force now; another after the configuration was loaded anew. */
  readonly parts: () => GuardParts
  readonly profile: (origin: Origin) => SourceProfile | undefined
  readonly sealer: (owner: { readonly agent: string; readonly session: string }) => Sealer
  /** Whether a person let exactly this content out of quarantine. */
  readonly isReleased: (commitment: string) => boolean
  /** A new unguessable name: at least 96 bits. */
  readonly nonce: () => string
  /** Reads what is not text: PDF, archives, mail. */
  readonly extractor: ContentReader
  readonly nowMs: () => number
}

/** Replaces a text that is left out of a result. */
const CUT = '[withheld by Sallyport: it looks like instructions planted for an agent]'

export function openGuard(deps: GuardDeps): Guard {
  const sessions = openSessionMemories()
  const lookAtPrompt = openPromptLook()
  return {
    inspect: (principal, content) => remembered(principal, content, look(principal, content)),
    preview,
    facts,
    restore,
    redact: (value, inspected, recipient) =>
      masked(value, { ...inspected, isMasked: isRedacted(recipient.cleared) }, recipient.principal),
    release,
    redacts: (finding, cleared) => isRedacted(cleared)(finding),
    wrap(content, origin) {
      const { channel, trust } = sourceAt(origin)
      const how = deps.parts().policy.boundary[channel] ?? 'wrap'
      if (trust === 'internal' || how === 'off') return content
      return boundTexts(content, { how, nonce: deps.nonce(), channel, source: origin.server ?? '' })
    },
    answer({ principal, cleared, restore: restored }) {
      const { policy, detectors } = deps.parts()
      const isObserved = isExcepted(policy, 'output', { agent: principal.agent, nowMs: deps.nowMs() })
      return openAnswerScans({ policy, detectors, sealer: deps.sealer(principal), cleared, restore: restored, isObserved })
    },
    talk: (origin, party) => talk(origin, party),
    listed,
    define: (definition, otherTools) =>
      inspect(definition as Json, { channel: 'definition', otherTools, detectors: deps.parts().detectors }),
  }

  function sourceAt(origin: Origin): Source {
    return sourceOf(deps.profile(origin))
  }

  function facts(principal: Principal, origin: Origin): GuardFacts {
    const { policy, hash } = deps.parts()
    const profile = deps.profile(origin)
    const sessionClasses = [...sessions(principal.session).classes].sort()
    // What has no server is answered by the gateway itself.
    return {
      policy,
      hash,
      source: sourceOf(profile),
      isProfiled: profile !== undefined || origin.server === undefined,
      sessionClasses,
    }
  }

  function look(principal: Principal, content: Inspectable): Inspected | Promise<Inspected> {
    const { kind, direction, value } = content
    if (isOwn(kind)) return NOTHING_SEEN
    if (isModel(kind)) return lookAtModel(content)
    if (direction === 'arguments') return lookAtArguments(content)
    const { channel, trust } = sourceAt(content)
    const memory = sessions(principal.session)
    const examined = judged(value, { channel, trust, earlier: memory.tail })
    rememberText(memory, endOf(value))
    const attached = inspectAttachments(value, { channel, trust }, { extractor: deps.extractor, judge: judged })
    if (!attached) return examined
    return Promise.all([examined, attached]).then(([own, others]) => others.reduce(joined, own))
  }

  /** A prompt is looked at message by message; an answer is a model's own words, and vectors and counts are none. */
  function lookAtModel({ kind, direction, value, places = [] }: Inspectable): Inspected | Promise<Inspected> {
    const { detectors, names, hash } = deps.parts()
    const plain = (part: Json, channel: Channel): Inspected => examine(part, { channel, detectors, names }).findings.result()
    if (direction === 'result') return kind === 'model.call' ? plain(value, 'output') : NOTHING_SEEN
    return lookAtPrompt(value, places, {
      version: hash,
      judge(part, channel) {
        if (channel === 'user') return judged(part, { channel, trust: 'user' })
        // Nobody said which tool it was; it counts as one that nobody described otherwise.
        return channel === 'tool' ? judged(part, { channel, trust: 'api' }) : plain(part, channel)
      },
    })
  }

  /** Answers of a person to what a server asked are that person's words, not the agent's. */
  function lookAtArguments({ value, hasInputs }: Inspectable): Inspected | Promise<Inspected> {
    if (!hasInputs) return judged(value, { channel: 'arguments', trust: 'agent' })
    const args = judged({ args: value['args'] ?? {} }, { channel: 'arguments', trust: 'agent' })
    const inputs = judged({ inputs: value['inputs'] ?? {} }, { channel: 'user', trust: 'user' })
    if (args instanceof Promise || inputs instanceof Promise) return Promise.all([args, inputs]).then(([a, b]) => joined(a, b))
    return joined(args, inputs)
  }

  function judged(
    value: Json,
    { channel, trust, earlier = '' }: { readonly channel: Channel; readonly trust: TrustLevel; readonly earlier?: string },
  ): Inspected | Promise<Inspected> {
    const { detectors, names, classify } = deps.parts()
    return classify(examine(value, { channel, detectors, names, earlier }), { channel, trust })
  }

  type Content = Pick<Inspectable, 'direction' | 'value' | 'places'>

  function remembered(
    principal: Principal,
    content: Content,
    found: Inspected | Promise<Inspected>,
  ): Inspected | Promise<Inspected> {
    return then(found, (inspected) => remember(principal, content, inspected))
  }

  /** Detected classes are the session's from here on, whoever declared what (R285). */
  function remember({ session }: Principal, { direction, value, places }: Content, inspected: Inspected): Inspected {
    const memory = sessions(session)
    for (const each of inspected.classes) memory.classes.add(each)
    const { inferred } = deps.parts().policy
    if (direction === 'arguments' && places === undefined)
      return watchArguments(value, inspected, { memory, nowMs: deps.nowMs(), isInferredWanted: inferred !== 'off' })
    if (inferred !== 'off') rememberGiven(value, inspected, memory)
    return inspected
  }

  /** Over a copy of what the session let out: looking at arguments adds to it. */
  function preview(principal: Principal, content: Inspectable): Inspected | Promise<Inspected> {
    const isInferredWanted = deps.parts().policy.inferred !== 'off'
    return then(look(principal, content), (inspected) => {
      const memory = { ...sessions(principal.session) }
      return watchArguments(content.value, inspected, { memory, nowMs: deps.nowMs(), isInferredWanted })
    })
  }

  function restore(value: JsonObject, { principal, cleared }: Recipient): JsonObject {
    const { edits } = restorations(value, (_, of) => cleared.includes(of), deps.sealer(principal))
    return applyEdits(value, edits) as JsonObject
  }

  /** Whether policy replaces what a finding is about, for a receiver cleared for `cleared`. */
  function isRedacted(cleared: readonly string[]): (finding: Finding) => boolean {
    return (finding) => dataAction(finding, cleared, deps.parts().policy) === 'redact'
  }

  function masked(
    value: JsonObject,
    { seen, isMasked }: Pick<Inspected, 'seen'> & { readonly isMasked: (finding: Finding) => boolean },
    principal: Principal,
  ): JsonObject {
    const values = seen
      .filter(({ finding }) => finding.end > finding.start && isMasked(finding))
      .map(({ finding, at, inName }) => ({
        at,
        inName,
        start: finding.start,
        end: finding.end,
        type: finding.code,
        class: finding.class ?? 'pii',
      }))
    if (values.length === 0) return value
    return applyEdits(value, redactions(value, values, deps.sealer(principal))) as JsonObject
  }

  function release(
    { principal, action, acted, facts: { guard, nowMs }, inspected, commitment }: Releasing,
    { cleared, isConsequential, restore: restored = [] }: ReleaseShape,
  ): GuardedResult {
    if (!guard || isOwn(action.kind)) return { effect: 'allow', reasons: [], content: acted.content }
    if (isModel(action.kind)) {
      const findings = inspected.seen.map(({ finding }) => finding)
      const verdict = judgeAnswer({ findings, guard, agent: principal.agent, nowMs, cleared })
      if (verdict.effect === 'deny') return { ...verdict, content: acted.content, isQuarantined: true }
      const content = masked(acted.content, { ...inspected, isMasked: isRedacted(cleared) }, principal)
      const reasons = content === acted.content ? verdict.reasons : [...verdict.reasons, 'content_redacted' as const]
      return {
        effect: 'allow',
        reasons,
        content: restored.length > 0 ? restore(content, { principal, cleared: restored }) : content,
      }
    }
    const terms = { guard, nowMs, cleared, isConsequential, isReleased: deps.isReleased(commitment), isList: false }
    return judgedContent(acted.content, { principal, inspected }, terms)
  }

  /** What policy makes of a content that came back, and what of it may be passed on. */
  function judgedContent(
    value: JsonObject,
    { principal, inspected }: { readonly principal: Principal; readonly inspected: Inspected },
    terms: Omit<ResultAsked, 'findings' | 'agent'>,
  ): GuardedResult {
    const { guard } = terms
    const { channel, trust } = guard.source
    const source = { channel, trust }
    const verdict = judgeResult({ ...terms, findings: inspected.seen.map(({ finding }) => finding), agent: principal.agent })
    const { isQuarantined } = verdict
    if (verdict.effect === 'deny') return { effect: 'deny', reasons: verdict.reasons, content: value, isQuarantined, source }
    const reasons: ReasonCode[] = [...verdict.reasons]
    const redacted = masked(value, { ...inspected, isMasked: verdict.redact }, principal)
    if (redacted !== value) reasons.push('content_redacted')
    // After the redactions, whose places are those of the content as it came.
    const cut = cutTexts(redacted, inspected, verdict.cut)
    const content = trust !== 'internal' && guard.policy.sanitise ? sanitiseTexts(cut) : cut
    if (content !== cut) reasons.push('content_sanitised')
    return { effect: 'allow', reasons, content, isQuarantined, source }
  }

  function listed(principal: Principal, origin: Origin, item: JsonObject): ListedItem | Promise<ListedItem> {
    const guard = facts(principal, origin)
    if (!guard.isProfiled) return { noted: { ...NOTHING_SEEN, reasons: ['source_unprofiled'] } }
    const show = (inspected: Inspected): ListedItem => {
      const terms = { guard, nowMs: deps.nowMs(), cleared: [], isConsequential: true, isReleased: false, isList: true }
      const { effect, reasons, content } = judgedContent(item, { principal, inspected }, terms)
      const { findings, classes } = inspected
      // A name that was changed names another thing or nothing.
      const isShown = effect === 'allow' && NAMING.every((name) => content[name] === item[name])
      return { ...(isShown ? { item: content } : {}), noted: { findings, classes, reasons } }
    }
    const inspected = remembered(principal, { direction: 'result', value: item }, judged(item, guard.source))
    return inspected instanceof Promise ? inspected.then(show) : show(inspected)
  }

  function talk(origin: Origin, party: TalkParty): Talk {
    const { principal, receiver } = party
    const { policy, detectors } = deps.parts()
    const about = (): GuardFacts => facts(principal, origin)
    return openTalk(party, {
      policy,
      detectors,
      facts: about,
      judgeQuestion: (value) => remembered(principal, { direction: 'result', value }, judged(value, sourceAt(origin))),
      nowMs: deps.nowMs,
      release(value, inspected) {
        // Nobody is asked what could not be looked at.
        const terms = {
          guard: about(),
          nowMs: deps.nowMs(),
          cleared: receiver.cleared,
          isConsequential: true,
          isReleased: false,
          isList: false,
        }
        return judgedContent(value, { principal, inspected }, terms)
      },
      judgeAnswer: (value) =>
        remembered(
          principal,
          { direction: 'arguments', value },
          lookAtArguments({ kind: 'tool.call', direction: 'arguments', value, hasInputs: true }),
        ),
      redact: (value, inspected, cleared) => masked(value, { ...inspected, isMasked: isRedacted(cleared) }, principal),
    })
  }
}

/** Members by which an item of a list is asked for. */
const NAMING = ['name', 'uri', 'uriTemplate'] as const

/** Answers the gateway makes itself, of what was reviewed or is judged item by item. */
function isOwn(kind: Inspectable['kind']): boolean {
  return (
    kind === 'session.open' || kind === 'tool.list' || kind === 'prompt.list' || kind === 'resource.list' || kind === 'model.list'
  )
}

function isModel(kind: Inspectable['kind']): boolean {
  return kind.startsWith('model.')
}

/** Leaves out every text in which a finding lies, whole: half an instruction may still be one. */
function cutTexts(value: JsonObject, { seen }: Inspected, isCut: (finding: Finding) => boolean): JsonObject {
  const places = new Map(seen.filter(({ finding, inName }) => isCut(finding) && !inName).map(({ at }) => [JSON.stringify(at), at]))
  const edits = [...places.values()].flatMap((at): Edit[] => {
    const text = at.reduce<Json | undefined>(
      (node, step) =>
        node === undefined || node === null || typeof node !== 'object' ? undefined : (node as Record<string | number, Json>)[step],
      value,
    )
    return typeof text === 'string' && text !== '' ? [{ at, start: 0, end: text.length, replacement: CUT }] : []
  })
  return applyEdits(value, edits) as JsonObject
}

/** Goes on at once where there is nothing to wait for. */
function then<A, B>(value: A | Promise<A>, go: (value: A) => B): B | Promise<B> {
  return value instanceof Promise ? value.then((known) => go(known)) : go(value)
}

function joined(a: Inspected, b: Inspected): Inspected {
  return {
    findings: [...a.findings, ...b.findings],
    seen: [...a.seen, ...b.seen],
    classes: [...new Set([...a.classes, ...b.classes])].sort(),
  }
}

/** The last texts of a value. */
function endOf(value: JsonObject): string {
  const blocks = Array.isArray(value['content']) ? value['content'] : []
  const texts = blocks.flatMap((block) => {
    const text = typeof block === 'object' && block !== null && !Array.isArray(block) ? block['text'] : undefined
    return typeof text === 'string' ? [text.slice(-2_048)] : []
  })
  return texts.join(' ')
}
