import { sha256, toHex } from '../model/bytes.ts'
import type { Entry, ModelServed } from '../model/entry.ts'
import type { StoredEntry } from '../record/read-entries.ts'
import { leafHash, type Sha256 } from '../record/tree.ts'
import { adminKind, ALERT_VERB } from './admin-kinds.ts'
import { alertOf, type AlertDetail } from './alert-detail.ts'
import { clip, clipAll } from './clip.ts'
import { traceIds, ulidOf } from './event-ids.ts'
import { EVENT_ITEMS_MAX, type EventType, type SecurityEvent } from './security-event.ts'
import { EVENT_KINDS, SEVERITIES, type EventKind } from './severity.ts'

export interface EventSource {
  /** Origin of the log the entries lie in. */
  readonly origin: string
  /** A faster SHA-256 where there is one. */
  readonly sha?: Sha256
}

type ActEntry = Extract<Entry, { type: 'decision' | 'outcome' | 'evaluation' }>
type Verdict = Extract<Entry, { type: 'decision' | 'evaluation' }>
type AdminEntry = Extract<Entry, { type: 'admin' }>

/**
 * What one entry tells the world: the event of the entry, and a second one when detectors saw something in it. Pure; takes every
 * entry the log can hold. Texts and lists are cut to `EVENT_TEXT_MAX` and `EVENT_ITEMS_MAX`: the entry itself holds the whole.
 */
export function toEvents({ entry, bytes }: StoredEntry, { origin, sha = sha256 }: EventSource): readonly SecurityEvent[] {
  const hash = leafHash(bytes, sha)
  const timeMs = Date.parse(entry.time)
  const place = {
    time: entry.time,
    timeMs,
    log: { origin: clip(origin), index: entry.index, leafHash: toHex(hash) },
    classes: [],
    findings: [],
  }
  const base = { ...place, id: ulidOf(timeMs, hash), part: 0 }
  switch (entry.type) {
    case 'decision':
    case 'evaluation':
    case 'outcome': {
      const act = { ...base, ...actMembers(entry, origin, sha) }
      const main = entry.type === 'outcome' ? outcomeEvent(entry, act) : verdictEvent(entry, act)
      return entry.findings.length === 0 ? [main] : [main, detectionEvent(entry, { ...act, id: ulidOf(timeMs, hash.subarray(16)) })]
    }
    case 'unknown': {
      const lost = { actor: { type: 'system' as const, id: 'sallyport' }, call: { id: clip(entry.act), decision: entry.decision } }
      const replica = entry.replica === undefined ? {} : { replica: clip(entry.replica) }
      return [{ ...base, ...about('unknown', 'act.unknown'), ...lost, ...replica }]
    }
    case 'refusal': {
      const kind = entry.code.startsWith('IDENTITY_') ? 'identity.refused' : 'request.refused'
      const { suppressed } = entry
      const refusal = { code: clip(entry.code), detail: clip(entry.detail), ...(suppressed === undefined ? {} : { suppressed }) }
      return [{ ...base, ...about('refusal', kind), actor: actorOf(entry.actor), refusal }]
    }
    case 'admin':
      return [adminEvent(entry, base)]
  }
}

type Base = Pick<SecurityEvent, 'id' | 'part' | 'time' | 'timeMs' | 'log' | 'classes' | 'findings'>
type Act = Base & ReturnType<typeof actMembers>
type Weight = Pick<SecurityEvent, 'type' | 'kind' | 'severity' | 'priority'>

function about(type: EventType, kind: EventKind): Weight {
  const { severity, priority } = EVENT_KINDS[kind]
  return { type, kind, severity, priority }
}

function actMembers(entry: ActEntry, origin: string, sha: Sha256) {
  const { onBehalfOf, action } = entry
  const link = entry.type === 'outcome' ? undefined : entry.correlation?.['traceparent']
  return {
    actor: actorOf(entry.actor),
    agent: clip(entry.actor.id),
    ...(entry.replica === undefined ? {} : { replica: clip(entry.replica) }),
    ...(onBehalfOf === 'system' ? {} : { onBehalfOf: { user: clip(onBehalfOf.user), issuer: clip(onBehalfOf.issuer) } }),
    session: clip(entry.session),
    ...(entry.task === undefined ? {} : { task: clip(entry.task) }),
    ...(entry.purpose === undefined ? {} : { purpose: clip(entry.purpose) }),
    ...(entry.subject === undefined ? {} : { subject: clip(entry.subject) }),
    classes: clipAll([...new Set([...(entry.classes ?? []), ...(entry.detected ?? [])])]),
    ...(entry.type === 'outcome' && entry.source
      ? { source: { channel: clip(entry.source.channel), trust: clip(entry.source.trust) } }
      : {}),
    action: {
      kind: action.kind,
      digest: clip(action.digest),
      ...(action.server === undefined ? {} : { server: clip(action.server) }),
      ...(action.name === undefined ? {} : { name: clip(action.name) }),
    },
    call: { id: clip(entry.act), decision: entry.type === 'outcome' ? entry.decision : entry.index },
    trace: {
      ...traceIds({ origin, session: entry.session, act: entry.act }, sha),
      ...(link === undefined ? {} : { link: clip(link) }),
    },
  }
}

/** What was decided, or would be: an evaluation is an event of its own, so that nobody counts it as an act. */
function verdictEvent(entry: Verdict, act: Act): SecurityEvent {
  const decided = ({ allow: 'act.allowed', require_approval: 'act.held', deny: 'act.denied' } as const)[entry.enforced]
  const kind = entry.type === 'evaluation' ? 'act.evaluated' : decided
  const decisive = entry.votes.find(({ effect, mode }) => mode === 'enforce' && effect === entry.enforced)
  const { manifest, definition } = entry.versions
  return {
    ...act,
    ...about(entry.type, kind),
    verdict: {
      evaluated: entry.evaluated,
      enforced: entry.enforced,
      // What would have been stricter with every rule in force is only observed.
      mode: entry.evaluated === entry.enforced ? 'enforce' : 'observe',
      reasons: clipAll(entry.reasons),
      ...(decisive && { rule: clip(decisive.rule) }),
      ...(manifest === undefined ? {} : { policyVersion: clip(manifest) }),
      ...(definition === undefined ? {} : { definition: clip(definition) }),
      obligations: clipAll(entry.obligations),
    },
    content: contentOf(entry.input),
  }
}

function outcomeEvent(entry: Extract<Entry, { type: 'outcome' }>, act: Act): SecurityEvent {
  const kinds = {
    success: 'act.succeeded',
    input_required: 'act.succeeded',
    tool_error: 'act.failed',
    failure: 'act.failed',
    withheld: 'act.withheld',
    cancelled: 'act.cancelled',
  } as const
  const { output } = entry
  return {
    ...act,
    ...about('outcome', kinds[entry.status]),
    outcome: {
      status: entry.status,
      ...(entry.code === undefined ? {} : { code: clip(entry.code) }),
      reasons: clipAll(entry.reasons),
      effect: entry.effect,
      durationMs: entry.durationMs,
      ...(output && { bytes: output.bytes }),
    },
    ...modelMember(entry.model),
    ...(output && { content: contentOf(output) }),
  }
}

function modelMember(model: ModelServed | undefined): Pick<SecurityEvent, 'model'> {
  if (!model) return {}
  const { confidence, tools = [] } = model
  return { model: { ...(confidence === undefined ? {} : { confidence }), tools: clipAll(tools) } }
}

/** What detectors saw, as one event however many places it names: its weight is that of the worst. */
function detectionEvent(entry: ActEntry, act: Act): SecurityEvent {
  const worst = entry.findings.reduce((most, { severity }) => Math.max(most, rank(severity)), 0)
  const kind =
    stoppedKind(entry) ?? (['finding.info', 'finding.low', 'finding.medium', 'finding.high'] as const)[worst] ?? 'finding.high'
  const findings = entry.findings
    .slice(0, EVENT_ITEMS_MAX)
    .map(({ detector, code, severity, path, start, end, class: of, score, view }) => ({
      detector: clip(detector),
      code: clip(code),
      severity: clip(severity),
      path: clip(path),
      start,
      end,
      ...(of === undefined ? {} : { class: clip(of) }),
      ...(score === undefined ? {} : { score }),
      ...(view === undefined ? {} : { view: clip(view) }),
    }))
  const content = entry.type === 'outcome' ? entry.output : entry.input
  return { ...act, part: 1, ...about('detection', kind), findings, ...(content && { content: contentOf(content) }) }
}

/** An act or a result that was stopped for what was seen in it. */
function stoppedKind({ reasons }: ActEntry): EventKind | undefined {
  if (reasons.includes('injection_detected')) return 'injection.detected'
  const isLeak = (['canary_leaked', 'exfiltration_detected', 'data_not_cleared'] as const).some((reason) =>
    reasons.includes(reason),
  )
  return isLeak ? 'leak.detected' : undefined
}

function rank(severity: string): number {
  const at = (SEVERITIES as readonly string[]).indexOf(severity)
  return at < 0 ? SEVERITIES.indexOf('high') : at
}

function adminEvent(entry: AdminEntry, base: Base): SecurityEvent {
  const detail = Object.fromEntries(
    Object.entries(entry.detail)
      .slice(0, EVENT_ITEMS_MAX)
      .map(([name, value]) => [
        clip(name),
        Array.isArray(value) ? clipAll(value) : typeof value === 'string' ? clip(value) : value,
      ]),
  )
  const admin = {
    verb: clip(entry.verb),
    ...(entry.target === undefined ? {} : { target: clip(entry.target) }),
    outcome: entry.outcome,
    ...(entry.code === undefined ? {} : { code: clip(entry.code) }),
    detail,
  }
  const alert = entry.verb === ALERT_VERB && entry.outcome === 'done' ? alertOf(entry.detail) : undefined
  const weight = alert ? alertWeight(alert) : about(...weightOf(entry))
  return { ...base, ...weight, actor: actorOf(entry.actor), admin, ...(alert && { alert: alert.alert }) }
}

function weightOf(entry: AdminEntry): [EventType, EventKind] {
  const { type, kind } = adminKind(entry.verb, entry.outcome)
  return [type, kind]
}

/** An alert carries the severity of what it reports, where that is known. */
function alertWeight({ alert, severity }: AlertDetail): Weight {
  const weight = about('alert', `alert.${alert.class}`)
  if (severity === undefined) return weight
  const priority = ({ info: 4, low: 4, medium: 3, high: 2, critical: 1 } as const)[severity]
  return { ...weight, severity, priority }
}

function actorOf(actor: Entry extends infer E ? (E extends { actor: infer A } ? A : never) : never): SecurityEvent['actor'] {
  const { type, id, credential, method } = actor
  return {
    type,
    id: clip(id),
    ...(credential === undefined ? {} : { credential: clip(credential) }),
    ...(method === undefined ? {} : { method: clip(method) }),
  }
}

function contentOf(content: {
  readonly commitment: string
  readonly bytes: number
  readonly vault?: { readonly ciphertext: string; readonly key: string } | undefined
}): NonNullable<SecurityEvent['content']> {
  const { commitment, bytes, vault } = content
  return { commitment: clip(commitment), bytes, ...(vault && { ciphertext: clip(vault.ciphertext), key: clip(vault.key) }) }
}
