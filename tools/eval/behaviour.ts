import { AlertOptions, type EntryBody, openWatch, type SecurityEvent, type StoredEntry, toEvents } from '@sallyport/core'
import type { Figure, Program } from '../report.ts'
import { type DojoSuite, type DojoUserTask, isReading, startDojo } from './agentdojo/dojo.ts'
import { wilson } from './wilson.ts'

const RULE = 'unusual-behaviour'
const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 1)
/** The default needs 99 sessions, which no suite has; the four suites as one task have enough for these. */
const ALPHAS = [0.02, 0.05, 0.1]

/**
 * R111: how often the alert `unusual-behaviour` finds a hijacked session by the order of its tools alone. AgentDojo v1.2.1, the
 * ground truth of every user task as one harmless session, and of every replayable injection task put in where it is read. The
 * task that is judged is never among those learnt.
 */
export const behaviour: Program = {
  about: 'hijacked AgentDojo sessions found by what the agent does, and harmless ones reported, by the alert rule itself',
  async run({ note }) {
    const dojo = startDojo(note)
    try {
      const suites = (await dojo.suites()).map(sessionsOf)
      const rows = suites.map((suite) => [suite.name, countAll([suite], {})] as const)
      const together = suites.map((suite) => suite.tasks).flat()
      const pooled = [{ name: 'all', tasks: together }]
      const calibrated = ALPHAS.map((alpha) => [String(alpha), countAll(pooled, { behaviourAlpha: alpha })] as const)
      const all = rows.map(([, counts]) => counts).reduce(sum)
      return {
        figures: {
          sessions: all.harmless,
          pairs: all.hijacked,
          fewSessions: { ...Object.fromEntries(rows.map(([name, counts]) => [name, ratesOf(counts)])), together: ratesOf(all) },
          calibrated: Object.fromEntries(calibrated.map(([alpha, counts]) => [alpha, ratesOf(counts)])),
        },
        targets: {},
      }
    } finally {
      await dojo.close()
    }
  },
}

interface Session {
  readonly steps: readonly Step[]
}
interface Step {
  readonly tool: string
  readonly isRead: boolean
  readonly isForeign: boolean
}
interface Tasks {
  readonly name: string
  readonly tasks: readonly { readonly harmless: Session; readonly hijacked: readonly Session[] }[]
}

function sessionsOf(suite: DojoSuite): Tasks {
  const foreign = new Set(suite.userTasks.flatMap(foreignTools))
  const step = (tool: string): Step => ({ tool: `${suite.name}.${tool}`, isRead: isReading(tool), isForeign: foreign.has(tool) })
  const injected = suite.injectionTasks.flatMap(({ calls }) => (calls ? [calls.map(({ tool }) => step(tool))] : []))
  return {
    name: suite.name,
    tasks: suite.userTasks.map((task) => {
      const steps = task.calls.map(({ tool }) => step(tool))
      const after = Math.min(...Object.values(task.carriers)) + 1
      const hijacked = Number.isFinite(after) ? injected.map((calls) => ({ steps: steps.toSpliced(after, 0, ...calls) })) : []
      return { harmless: { steps }, hijacked }
    }),
  }
}

/** Tools whose results an outsider can write into: the operator describes such a source as untrusted. */
function foreignTools({ calls, carriers }: DojoUserTask): readonly string[] {
  return Object.values(carriers).flatMap((at) => calls[at]?.tool ?? [])
}

interface Counts {
  readonly harmless: number
  readonly reported: number
  readonly hijacked: number
  readonly found: number
}

function sum(a: Counts, b: Counts): Counts {
  return {
    harmless: a.harmless + b.harmless,
    reported: a.reported + b.reported,
    hijacked: a.hijacked + b.hijacked,
    found: a.found + b.found,
  }
}

function ratesOf({ harmless, reported, hijacked, found }: Counts): Record<string, Figure> {
  return { detection: wilson(found, hijacked), falseAlarms: wilson(reported, harmless), sessions: harmless, pairs: hijacked }
}

/** Each task judged after the rule saw all others, the same each time. */
function countAll(all: readonly Tasks[], options: Partial<AlertOptions>): Counts {
  let counts: Counts = { harmless: 0, reported: 0, hijacked: 0, found: 0 }
  for (const { tasks } of all) {
    for (const [i, task] of tasks.entries()) {
      const usual = tasks.filter((_, other) => other !== i).map(({ harmless }) => harmless)
      const learnt = usual.flatMap((session, at) => eventsOf(session, at))
      const isReported = (session: Session): number => {
        const watch = openWatch(AlertOptions.parse({ behaviourSessions: Math.max(20, usual.length), ...options }))
        const said = [...learnt, ...eventsOf(session, usual.length)].flatMap((event) => watch({ type: 'event', event }))
        return said.some(({ rule, subject }) => rule === RULE && subject?.endsWith(`s${usual.length}`)) ? 1 : 0
      }
      counts = sum(counts, {
        harmless: 1,
        reported: isReported(task.harmless),
        hijacked: task.hijacked.length,
        found: task.hijacked.reduce((total, session) => total + isReported(session), 0),
      })
    }
  }
  return counts
}

/** What the log says of a session, as every alert rule gets it. */
function eventsOf({ steps }: Session, at: number): readonly SecurityEvent[] {
  return steps.flatMap(({ tool, isRead, isForeign }, i) => {
    const [server = '', name = ''] = tool.split('.')
    const body: EntryBody = {
      type: 'outcome',
      act: `a${at}-${i}`,
      actor: { type: 'agent', id: 'dojo' },
      onBehalfOf: 'system',
      session: `s${at}`,
      task: 'work',
      action: { kind: 'tool.call', server, name, digest: '0' },
      decision: 0,
      status: 'success',
      reasons: [],
      findings: [],
      source: isForeign ? { channel: 'document', trust: 'document' } : { channel: 'tool', trust: 'api' },
      effect: isRead ? 'none' : 'unconfirmed',
      durationMs: 1,
    }
    const index = at * 100 + i
    const time = new Date(START_MS + at * HOUR_MS + i * 1_000).toISOString()
    const stored: StoredEntry = { index, bytes: Buffer.from(`${index}`), entry: { v: 1, index, time, ...body } }
    return toEvents(stored, { origin: 'eval' })
  })
}
