import {
  type Finding,
  FINDINGS_MAX,
  guardArguments,
  type GuardFacts,
  type Inspected,
  isExfiltration,
  isInjection,
  type JsonObject,
  type ReasonCode,
} from '@sallyport/core'
import type { GuardedResult, Noted, Talk, TalkParty } from '../guard.ts'
import { hear, type Hearing } from './hear.ts'

/** The guard, as far as talk needs it. */
export interface TalkDeps extends Omit<Hearing, 'note' | 'source'> {
  readonly facts: () => GuardFacts
  readonly nowMs: () => number
  /** Judges what the server says, as a result. */
  readonly judgeQuestion: (value: JsonObject) => Inspected | Promise<Inspected>
  readonly release: (value: JsonObject, inspected: Inspected) => GuardedResult
  /** Judges `{ args, inputs }`. */
  readonly judgeAnswer: (value: JsonObject) => Inspected | Promise<Inspected>
  readonly redact: (value: JsonObject, inspected: Inspected, cleared: readonly string[]) => JsonObject
}

export function openTalk({ principal, receiver }: TalkParty, deps: TalkDeps): Talk {
  const notes = openNotes()
  const { source } = deps.facts()
  return {
    hear: hear({ ...deps, source, note: (found, isStopped) => notes.add(oncePerKind(found), isStopped ? reasonsOf(found) : []) }),
    ask,
    answer,
    noted: notes.all,
  }

  async function ask(question: JsonObject): Promise<JsonObject | undefined> {
    const inspected = await deps.judgeQuestion(question)
    const { effect, reasons, content } = deps.release(question, inspected)
    notes.add(inspected, reasons)
    return effect === 'allow' ? content : undefined
  }

  async function answer(given: JsonObject): Promise<JsonObject | undefined> {
    const value = { args: {}, inputs: given }
    const inspected = await deps.judgeAnswer(value)
    const asked = { findings: inspected.findings, guard: deps.facts(), agent: principal.agent, nowMs: deps.nowMs() }
    const { votes, obligations } = guardArguments(asked, receiver)
    const stopping = votes.filter(({ mode, effect }) => mode === 'enforce' && effect !== 'allow')
    notes.add(
      inspected,
      stopping.map(({ reason }) => reason),
    )
    if (stopping.length > 0) return undefined
    if (!obligations.some(({ mode }) => mode === 'enforce')) return given
    return deps.redact(value, inspected, receiver.cleared)['inputs'] as JsonObject
  }

  function reasonsOf(findings: readonly Finding[]): readonly ReasonCode[] {
    if (findings.some((finding) => isInjection(finding, source.trust, deps.policy))) return ['injection_detected', 'content_cut']
    return [findings.some(isExfiltration) ? 'exfiltration_detected' : 'data_not_cleared']
  }
}

/** Where in a stream something was, no record can say. */
function oncePerKind(findings: readonly Finding[]): Pick<Inspected, 'findings' | 'classes'> {
  const kinds = new Map(
    findings.map((finding) => [`${finding.detector} ${finding.code}`, { ...finding, path: '', start: 0, end: 0 }]),
  )
  return { findings: [...kinds.values()], classes: findings.flatMap(({ class: of }) => (of === undefined ? [] : [of])) }
}

interface Notes {
  add(inspected: Pick<Inspected, 'findings' | 'classes'>, reasons: readonly ReasonCode[]): void
  all(): Noted
}

/** Collects what is to be recorded; bounded, however long somebody talks. */
export function openNotes(): Notes {
  const findings: Finding[] = []
  const classes = new Set<string>()
  const reasons = new Set<ReasonCode>()
  return {
    add(inspected, given) {
      findings.push(...inspected.findings.slice(0, FINDINGS_MAX - findings.length))
      for (const each of inspected.classes) classes.add(each)
      for (const reason of given) reasons.add(reason)
    },
    all: () => ({ findings: [...findings], classes: [...classes].sort(), reasons: [...reasons] }),
  }
}
