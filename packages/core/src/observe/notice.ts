import { ApprovalRecord } from '../model/approval.ts'
import { REASONS } from '../reasons.ts'
import type { FormatContext } from './define-format.ts'
import { inertText } from './inert-text.ts'
import type { SecurityEvent } from './security-event.ts'
import { EVENT_KINDS, type EventKind } from './severity.ts'

/** One thing a message says besides its title. */
export interface NoticeFact {
  readonly name: string
  readonly value: string
}

/** What an event says to a person who looks at no gateway: short, in plain words, and nothing in it acts on whoever reads it. */
export interface Notice {
  readonly title: string
  readonly facts: readonly NoticeFact[]
  /** The request for approval it is about. */
  readonly request?: string
  /** Whether people are wanted for the request, or no longer; `none` where there is no request. */
  readonly stage: 'waits' | 'over' | 'none'
  /** Page where people look at the request once they have signed in; it allows nothing by itself. */
  readonly url?: string
}

/** Kinds of events about acts that wait for people: what channels are for. */
export const APPROVAL_KINDS = [
  'approval.asked',
  'approval.due',
  'approval.escalated',
  'approval.expired',
  'approval.cancelled',
  'approval.decided',
] as const satisfies readonly EventKind[]
type ApprovalKind = (typeof APPROVAL_KINDS)[number]

const TITLES = {
  'approval.asked': 'Approval needed',
  'approval.due': 'Still waiting for approval',
  'approval.escalated': 'Nobody decided in time, others may as well now',
  'approval.expired': 'Nobody decided, so it will not happen',
  'approval.cancelled': 'No decision needed any more',
} as const satisfies Partial<Record<ApprovalKind, string>>

const VERBS: ReadonlyMap<string, string> = new Map([
  ['tool.call', 'call'],
  ['resource.read', 'read'],
  ['prompt.get', 'fetch'],
])

/** Longest message of an alert, and longest list of reasons. */
const MESSAGE_CHARS_MAX = 300
const REASONS_MAX = 3

/** The message an event is. Pure; takes every event. */
export function noticeOf(event: SecurityEvent, { host, approvalUrl }: Pick<FormatContext, 'host' | 'approvalUrl'>): Notice {
  const place = [
    fact('Gateway', host),
    fact('Record', `entry ${event.log.index} of ${inertText(event.log.origin)}, event ${event.id}`),
  ]
  const request = requestOf(event)
  if (request === undefined) return { ...otherNotice(event, place), stage: 'none' }
  const url = approvalUrl?.(request)
  const command = url === undefined ? [fact('Look at it', `sallyport approvals show ${request}`)] : []
  const { title, stage } = approvalTitle(event)
  const facts = [...approvalFacts(event), fact('Request', request), ...command, ...place]
  return { title: `${title}: ${actOf(event)}`, facts, request, stage, ...(url !== undefined && { url }) }
}

/** Only what has the form of an id: the target of an entry is what somebody typed. */
function requestOf({ kind, admin }: SecurityEvent): string | undefined {
  if (!(APPROVAL_KINDS as readonly EventKind[]).includes(kind)) return undefined
  return ApprovalRecord.shape.id.safeParse(admin?.target).data
}

function approvalTitle(event: SecurityEvent): { title: string; stage: Notice['stage'] } {
  const kind = event.kind as ApprovalKind
  if (kind === 'approval.decided') return decidedTitle(event)
  const isOver = kind === 'approval.expired' || kind === 'approval.cancelled'
  // Time also ends what was approved and then not used.
  const isUnused = kind === 'approval.expired' && countOf(event, 'votes') >= Math.max(1, countOf(event, 'people'))
  return { title: isUnused ? 'Approved, but not used in time' : TITLES[kind], stage: isOver ? 'over' : 'waits' }
}

function decidedTitle(event: SecurityEvent): { title: string; stage: Notice['stage'] } {
  const by = inertText(event.actor.id)
  if (textOf(event, 'verdict') === 'reject') return { title: `Rejected by ${by}`, stage: 'over' }
  const isEnough = textOf(event, 'state') !== 'pending'
  return { title: `Approved by ${by}${isEnough ? '' : ', and one more has to'}`, stage: isEnough ? 'over' : 'waits' }
}

/** Names stand apart from each other: joined by a dot they could make an address. */
function actOf(event: SecurityEvent): string {
  const verb = VERBS.get(textOf(event, 'kind')) ?? 'do'
  const server = textOf(event, 'server')
  const of = server === '' ? '' : ` of ${inertText(server)}`
  return `${orUnknown(textOf(event, 'agent'))} wants to ${verb} ${orUnknown(textOf(event, 'name'))}${of}`
}

function approvalFacts(event: SecurityEvent): NoticeFact[] {
  const untilMs = Date.parse(textOf(event, 'until'))
  const until = Number.isNaN(untilMs) ? '' : new Date(untilMs).toISOString().replace('T', ' ').replace(/\..*/, ' UTC')
  return [
    fact('Agent', inertText(textOf(event, 'agent'))),
    fact('Task', inertText(textOf(event, 'task'))),
    fact('Effect', inertText([textOf(event, 'scope'), textOf(event, 'tier')].filter(Boolean).join(', tier '))),
    fact('Why people are asked', reasonsIn(event.admin?.detail['reasons'])),
    fact('Approvals', `${countOf(event, 'votes')} of ${countOf(event, 'people')}`),
    fact('Until', until),
  ].filter(({ value }) => value !== '')
}

function otherNotice(event: SecurityEvent, place: readonly NoticeFact[]): Pick<Notice, 'title' | 'facts'> {
  const { alert, action, admin, kind } = event
  const agent = alert?.agent ?? event.agent ?? ''
  const facts = [
    fact('Severity', `${event.severity}, priority ${event.priority}`),
    fact('Agent', inertText(agent)),
    fact('By', agent === event.actor.id ? '' : inertText(event.actor.id)),
    fact('Session', inertText(event.session ?? '')),
    fact('Task', inertText(event.task ?? '')),
    fact('Tool', action ? inertText([action.name, action.server].filter(Boolean).join(' of ')) : ''),
    fact('Why', reasonsIn(event.verdict?.reasons ?? event.outcome?.reasons)),
    fact('Rule', inertText(alert?.rule ?? '')),
    fact('About', alert ? '' : inertText(admin?.target ?? '')),
  ].filter(({ value }) => value !== '')
  const { means } = EVENT_KINDS[kind]
  const title = alert
    ? `Alert: ${inertText(alert.message, MESSAGE_CHARS_MAX)}`
    : `${means.charAt(0).toUpperCase()}${means.slice(1)}`
  return { title, facts: [...facts, ...place] }
}

/** The gateway's own words for its codes. */
function reasonsIn(codes: unknown): string {
  const some = Array.isArray(codes) ? codes.filter((code) => typeof code === 'string').slice(0, REASONS_MAX) : []
  return some
    .map((code) => (Object.hasOwn(REASONS, code) ? REASONS[code as keyof typeof REASONS].means : inertText(code)))
    .join('; ')
}

function textOf({ admin }: SecurityEvent, name: string): string {
  const value = admin && Object.hasOwn(admin.detail, name) ? admin.detail[name] : undefined
  return typeof value === 'string' ? value : ''
}

function countOf({ admin }: SecurityEvent, name: string): number {
  const value = admin && Object.hasOwn(admin.detail, name) ? admin.detail[name] : undefined
  return typeof value === 'number' ? value : 0
}

function orUnknown(name: string): string {
  return name === '' ? 'something' : inertText(name)
}

function fact(name: string, value: string): NoticeFact {
  return { name, value }
}
