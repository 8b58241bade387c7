import { z } from 'zod'
import { ACTION_KINDS } from '../model/action.ts'
import { EFFECTS } from '../model/decision.ts'
import type { Entry } from '../model/entry.ts'
import { jcs } from '../model/jcs.ts'
import { Sha256Hex } from '../model/names.ts'

/** Longest value a query compares with. */
const VALUE_CHARS_MAX = 500
const Value = z.string().min(1).max(VALUE_CHARS_MAX)
const Index = z.int().min(0)
const Time = z.iso.datetime({ precision: 3 })

/**
 * What is asked of the log: every member given must hold. All of them are fields that entries carry, so anyone who holds the
 * entries can ask again. Raw arguments and results are not among them: the log does not hold any.
 */
export const LogQuery = z
  .strictObject({
    session: Value.optional().meta({ description: 'Session id; also what opened the session.' }),
    act: Value.optional().meta({ description: 'Id of one act.' }),
    correlation: Value.optional().meta({
      description: 'A hint the client sent: a traceparent, its trace id alone, or the client’s own session id. Unverified.',
    }),
    agent: Value.optional().meta({ description: 'Agent that acted.' }),
    user: Value.optional().meta({ description: 'User an act was for, or who acted on the gateway itself; `system` for none.' }),
    tool: Value.optional().meta({ description: '`server.tool`, or a server for all of its tools.' }),
    kind: z.enum(ACTION_KINDS).optional().meta({ description: 'Kind of action.' }),
    class: Value.optional().meta({
      description: 'Class of data the act handles, by its grant or by what detectors saw: `pii`, `phi`, `pci`, …',
    }),
    subject: Sha256Hex.optional().meta({ description: 'Pseudonym of the person the content is about.' }),
    digest: Sha256Hex.optional().meta({
      description: 'Commitment to the whole action, or to an input or output: the same call, whoever made it.',
    }),
    effect: z.enum(EFFECTS).optional().meta({ description: 'Effect of the decision; what completes it goes with it.' }),
    status: Value.optional().meta({ description: 'Status of an outcome.' }),
    type: z
      .enum(['decision', 'outcome', 'unknown', 'refusal', 'admin', 'evaluation'])
      .optional()
      .meta({ description: 'Type of entry.' }),
    verb: Value.optional().meta({ description: 'Verb of an admin entry; `manifest.*` for all that start so.' }),
    target: Value.optional().meta({ description: 'Target of an admin entry.' }),
    since: Time.optional().meta({ description: 'Not before this time, RFC 3339 UTC with milliseconds.' }),
    until: Time.optional().meta({ description: 'Before this time.' }),
    from: Index.optional().meta({ description: 'First index.' }),
    to: Index.optional().meta({ description: 'Index after the last.' }),
  })
  .meta({ id: 'LogQuery', description: 'A query over the audit log.' })
export type LogQuery = z.infer<typeof LogQuery>

/** The query without its window. */
function withoutWindow(query: LogQuery): LogQuery {
  const { since: _1, until: _2, from: _3, to: _4, ...rest } = query
  return rest
}

/**
 * Index of the decision that an entry has to be judged by, because it lacks a field the query names: an `unknown` names only
 * its act, and an outcome carries no correlation.
 */
export function judgedBy(query: LogQuery, entry: Entry): number | undefined {
  if (entry.type === 'unknown' && (query.type === undefined || query.type === 'unknown')) {
    const { type: _, act, ...rest } = withoutWindow(query)
    return Object.values(rest).some((value) => value !== undefined) ? entry.decision : undefined
  }
  return entry.type === 'outcome' && query.correlation !== undefined ? entry.decision : undefined
}

/** As the leaf of an entry that names only its act says what it is. */
const UNKNOWN = '"type":"unknown"'

/**
 * What the leaf of every entry that a query takes holds: of each list at least one text. A leaf that does not is not worth
 * reading; one that does may still be another's.
 */
export function mustHold(query: LogQuery): readonly (readonly string[])[] {
  // An outcome is judged by its decision then.
  if (query.correlation !== undefined) return []
  const { session, act, agent, class: of, subject, digest, status, target } = query
  // Of whoever an act was for, `system` stands for nobody.
  const user = query.user === 'system' ? undefined : query.user
  return [session, act, agent, user, of, subject, digest, status, target].flatMap((value) =>
    value === undefined ? [] : [[jcs(value), UNKNOWN]],
  )
}

/**
 * Whether a query takes an entry.
 * @param decision The decision that `judgedBy` names; without it such an entry is not taken.
 */
export function selects(query: LogQuery, entry: Entry, decision?: Entry): boolean {
  if (!isInside(query, entry) || !isOne(query.type, entry.type)) return false
  const wanted = withoutWindow(query)
  if (judgedBy(query, entry) === undefined) return matches(wanted, entry)
  if (decision?.type !== 'decision' || !('act' in entry) || decision.act !== entry.act) return false
  const { type: _1, status, ...fields } = wanted
  if (!matches(fields, decision)) return false
  if (entry.type === 'unknown') return status === undefined
  const { correlation: _2, ...own } = wanted
  return matches(own, entry)
}

function isInside({ since, until, from, to }: LogQuery, { index, time }: Entry): boolean {
  return !(
    (since !== undefined && time < since) ||
    (until !== undefined && time >= until) ||
    (from !== undefined && index < from) ||
    (to !== undefined && index >= to)
  )
}

/** Every member that only some types of entries have rules the others out. */
function matches(query: LogQuery, entry: Entry): boolean {
  switch (entry.type) {
    case 'decision':
    case 'evaluation':
    case 'outcome':
      return matchesAct(query, entry) && query.verb === undefined && query.target === undefined
    case 'unknown':
      return isOne(query.act, entry.act)
    case 'refusal':
      return isOnly(query, ['agent']) && (query.agent === undefined || isAgent(query.agent, entry.actor))
    case 'admin':
      return (
        isOnly(query, ['session', 'user', 'verb', 'target']) &&
        isOne(query.session, entry.detail['session']) &&
        (query.user === undefined || (entry.actor.type === 'user' && entry.actor.id === query.user)) &&
        (query.verb === undefined || isVerb(query.verb, entry.verb)) &&
        isOne(query.target, entry.target)
      )
  }
}

type ActEntry = Extract<Entry, { type: 'decision' | 'outcome' | 'evaluation' }>

function matchesAct(query: LogQuery, entry: ActEntry): boolean {
  return (
    isOne(query.session, entry.session) &&
    isOne(query.act, entry.act) &&
    isOne(query.subject, entry.subject) &&
    isOne(query.kind, entry.action.kind) &&
    isOne(query.effect, entry.type === 'outcome' ? 'allow' : entry.enforced) &&
    (query.agent === undefined || isAgent(query.agent, entry.actor)) &&
    (query.user === undefined || query.user === (entry.onBehalfOf === 'system' ? 'system' : entry.onBehalfOf.user)) &&
    (query.class === undefined ||
      entry.classes?.includes(query.class) === true ||
      entry.detected?.includes(query.class) === true) &&
    (query.tool === undefined || isTool(query.tool, entry.action)) &&
    (query.digest === undefined || commitments(entry).includes(query.digest)) &&
    (query.status === undefined || (entry.type === 'outcome' && entry.status === query.status)) &&
    (query.correlation === undefined || (entry.type !== 'outcome' && isCorrelated(query.correlation, entry.correlation)))
  )
}

function commitments(entry: ActEntry): (string | undefined)[] {
  return [entry.action.digest, entry.type === 'outcome' ? entry.output?.commitment : entry.input.commitment]
}

function isTool(tool: string, { server, name }: ActEntry['action']): boolean {
  return server !== undefined && (tool === server || tool === `${server}.${name}`)
}

function isAgent(agent: string, actor: { readonly type: string; readonly id: string }): boolean {
  return actor.type === 'agent' && actor.id === agent
}

function isVerb(pattern: string, verb: string): boolean {
  return pattern.endsWith('.*') ? verb.startsWith(pattern.slice(0, -1)) : verb === pattern
}

/** A hint as it was sent, or the trace id within a `traceparent` (W3C Trace Context: the second of four fields). */
function isCorrelated(wanted: string, hints: Readonly<Record<string, string>> = {}): boolean {
  return Object.values(hints).includes(wanted) || hints['traceparent']?.split('-')[1] === wanted
}

function isOne(wanted: string | undefined, value: unknown): boolean {
  return wanted === undefined || value === wanted
}

function isOnly(query: LogQuery, members: readonly (keyof LogQuery)[]): boolean {
  return Object.entries(query).every(
    ([name, value]) => value === undefined || name === 'type' || members.includes(name as keyof LogQuery),
  )
}
