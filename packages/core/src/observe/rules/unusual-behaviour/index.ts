import { TRUST_LEVELS } from '../../../model/channel.ts'
import { isUntrusted } from '../../../model/guard-policy.ts'
import type { AlertOptions } from '../../alert-options.ts'
import { defineRule, type Incident } from '../../define-rule.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { type Baseline, learnBaseline, serverOf } from './baseline.ts'
import type { Step } from './sequence-model.ts'

/** A session silent for this long has ended: as long as the longest session token lives. */
const SESSION_IDLE_MS = 900_000
/** Sessions followed at once, over all agents; the one silent longest is forgotten. */
const OPEN_MAX = 5_000
/** Agents and tasks with a baseline. */
const TASKS_MAX = 500
/** Steps of one session that are learnt from. */
const STEPS_MAX = 100
/** With fewer sessions everything would be new. */
const SESSIONS_MIN = 15

export interface Open {
  readonly task: string
  readonly steps: Step[]
  /** Surprise of the last two steps. */
  recent: readonly number[]
  isTainted: boolean
  /** Refused or suspicious: nothing is learnt from it. */
  isClean: boolean
  isTold: boolean
  lastMs: number
}

export interface Learnt {
  readonly sessions: (readonly Step[])[]
  baseline?: Baseline
  /** Sessions the baseline was made of. */
  madeOf: number
}

export interface State {
  /** By agent, task and session; the one silent longest first. */
  readonly open: Map<string, Open>
  /** By agent and task. */
  readonly tasks: Map<string, Learnt>
}

/**
 * An agent that does what this task never did, after it read content of others (R111): an injection that no detector saw still
 * has to act. Learns each task from its own clean sessions, once; judges every further one.
 */
export const unusualBehaviour = defineRule({
  id: 'unusual-behaviour',
  initial: (): State => ({ open: new Map(), tasks: new Map() }),
  step: (state, observation, options: AlertOptions) => {
    if (observation.type !== 'event') return []
    const { event } = observation
    end(state, event.timeMs - SESSION_IDLE_MS, options)
    const { agent, task, session } = event
    if (agent === undefined || task === undefined || session === undefined) return []
    const now = sessionOf(state, { key: `${agent}\n${task}\n${session}`, task: `${agent}\n${task}`, timeMs: event.timeMs })
    if (event.type === 'detection' || event.verdict?.enforced === 'deny') now.isClean = false
    const step = event.type === 'outcome' ? stepOf(event, now) : undefined
    if (!step) return []
    const found = judge(now, step, state.tasks.get(now.task)?.baseline)
    now.steps.push(step)
    if (now.steps.length > STEPS_MAX) now.steps.shift()
    if (isTaintedBy(event)) now.isTainted = true
    if (!found || now.isTold) return []
    now.isTold = true
    return [{ class: 'security', severity: 'medium', message: found, subject: `${agent} ${task} ${session}`, agent, count: 1 }]
  },
})

/** What is wrong with a step; `undefined` when nothing is. */
function judge(now: Open, step: Step, baseline: Baseline | undefined): Incident['message'] | undefined {
  if (!baseline) return undefined
  const { model, servers, surpriseMax } = baseline
  const surprise = model.surprise(now.steps.slice(-2), step)
  const sum = now.recent.reduce((total, one) => total + one, surprise)
  now.recent = [...now.recent, surprise].slice(-2)
  if (now.isTainted && !servers.has(serverOf(step.token)))
    return 'after content of others, an act at a server that this task never used'
  if (surpriseMax !== undefined) return sum > surpriseMax ? 'a run of acts that this task hardly ever has' : undefined
  // Too few sessions to promise a rate: only the step that an injection cannot do without.
  if (step.kind === 'tainted' && !model.hasPair(now.steps.at(-1), step))
    return 'after content of others, a change that never followed the act before it'
  return undefined
}

function stepOf(event: SecurityEvent, { isTainted }: Open): Step | undefined {
  const { action, outcome } = event
  if (!outcome || (action?.kind !== 'tool.call' && action?.kind !== 'resource.read')) return undefined
  // What failed on the way says nothing of whether it would have changed anything.
  if (outcome.status === 'failure' || outcome.status === 'cancelled') return undefined
  const kind = outcome.effect === 'none' ? 'read' : isTainted ? 'tainted' : 'change'
  return { token: `${action.server ?? ''}.${action.name ?? ''}${kind === 'tainted' ? '*' : ''}`, kind }
}

function isTaintedBy({ source }: SecurityEvent): boolean {
  const trust = TRUST_LEVELS.find((level) => level === source?.trust)
  return trust !== undefined && isUntrusted(trust)
}

interface At {
  readonly key: string
  readonly task: string
  readonly timeMs: number
}

function sessionOf({ open }: State, { key, task, timeMs }: At): Open {
  const known: Open = open.get(key) ?? {
    task,
    steps: [],
    recent: [],
    isTainted: false,
    isClean: true,
    isTold: false,
    lastMs: timeMs,
  }
  known.lastMs = timeMs
  open.delete(key)
  open.set(key, known)
  for (const oldest of open.keys()) {
    if (open.size <= OPEN_MAX) break
    open.delete(oldest)
  }
  return known
}

/** Learns from sessions that were silent since `beforeMs`. */
function end(state: State, beforeMs: number, { behaviourSessions, behaviourAlpha }: AlertOptions): void {
  for (const [key, session] of state.open) {
    if (session.lastMs > beforeMs) return
    state.open.delete(key)
    if (!session.isClean || session.steps.length === 0) continue
    const known = state.tasks.get(session.task) ?? { sessions: [], madeOf: 0 }
    if (!state.tasks.has(session.task) && state.tasks.size >= TASKS_MAX) continue
    state.tasks.set(session.task, known)
    // Complete: from here on it is fixed, so that nobody can teach it slowly.
    if (known.sessions.length >= behaviourSessions) continue
    known.sessions.push(session.steps)
    const { length } = known.sessions
    const isDue = length === behaviourSessions || length >= Math.max(SESSIONS_MIN, known.madeOf * 1.1)
    if (!isDue || length < SESSIONS_MIN) continue
    known.baseline = learnBaseline(known.sessions, behaviourAlpha)
    known.madeOf = length
    if (length === behaviourSessions) known.sessions.fill([])
  }
}
