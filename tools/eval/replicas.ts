import { setTimeout as wait } from 'node:timers/promises'
import type { ReadFile } from '@sallyport/core'
import { openPool, postgresLogFiles } from '@sallyport/gateway'
import { atLeast, atMost, exactly, type Measured, type Program, type RunOptions } from '../report.ts'
import { LIMITED, NOTE } from './crash/company.ts'
import { reconcile, type Reconciled } from './crash/reconcile.ts'
import { type Member, startFleet } from './replicas/fleet.ts'
import { type Isolation, isolateUnderLoad } from './replicas/isolate.ts'
import { nothingSeen, type Seen, startLoad } from './replicas/load.ts'
import { CALLS_MAX, CLERK, openWorld, type World } from './replicas/world.ts'

const MEMBERS = 3
const FULL = { drills: 20, limited: 12, callers: 8, betweenMs: 3_000 }
const SHORT = { drills: 3, limited: 4, callers: 4, betweenMs: 1_000 }
const FROZEN_MS = 5_000
const DATABASE_GONE_MS = 1_000
/** The lease every gateway holds on the state. */
const LEASE_MS = 250
/** What the way to the tool server and a busy machine may add: arrivals are stamped by the process that also makes the load. */
const SLACK_MS = 100
/** A lost gateway is given up after 15 s; closing what it had begun takes a moment. */
const SETTLED_MS_MAX = 60_000

/** Gateways over one database, under load and under what goes wrong. */
export const replicas: Program = {
  about:
    'three gateways over one PostgreSQL: one killed, one frozen, the database restarted; limits, order and isolation stay exact',
  run: async (options) => {
    const size = options.short ? SHORT : FULL
    const world = await openWorld({ victims: size.drills + 1, limited: size.limited })
    const members = await startFleet(world, MEMBERS).catch(async (error: unknown) => {
      await world.close()
      throw error
    })
    try {
      return await measure({ world, members, ...size, ...options })
    } finally {
      for (const member of members) {
        member.thaw()
        await member.stop()
      }
      await world.close()
    }
  },
}

type Run = RunOptions & typeof FULL & { readonly world: World; readonly members: readonly Member[] }

async function measure(run: Run): Promise<Measured> {
  const { world, members, callers, note, betweenMs } = run
  const seen = nothingSeen()
  const startedMs = performance.now()
  const loads = [
    startLoad(members, { agents: [CLERK], tool: NOTE, callers }, seen),
    startLoad(members, { agents: world.limited, tool: LIMITED, callers: 2, pauseMs: 20 }, seen),
  ]
  const drills = await drillAll(run, seen)
  note(`${drills.length} isolations under load`)
  const frozen = await freezeOne(run, seen)
  note(`one gateway frozen for ${FROZEN_MS} ms`)
  await members[2]?.kill()
  note('one gateway killed')
  await wait(betweenMs)
  await world.postgres.stop('immediate')
  await wait(DATABASE_GONE_MS)
  await world.postgres.start()
  note('the database was restarted')
  await answeringAgain(members.slice(0, 2), seen)
  await members[2]?.start()
  await wait(betweenMs)
  await Promise.all(loads.map((load) => load.stop()))
  const loadMs = performance.now() - startedMs
  note(`${seen.answered.length} calls answered; waiting until what the killed gateway had begun is closed`)
  const reconciled = await settle(world, seen)
  return report({ run, seen, drills, frozen, reconciled, loadMs })
}

async function drillAll({ world, members, drills }: Run, seen: Seen): Promise<Isolation[]> {
  const done: Isolation[] = []
  for (const [i, victim] of world.victims.slice(0, drills).entries()) {
    const at = members[i % members.length]
    if (at) done.push(await isolateUnderLoad(world, members, { victim, at, seen }))
  }
  return done
}

/** A gateway that is stopped while somebody is isolated must not go on with what it had decided before. */
async function freezeOne({ world, members }: Run, seen: Seen): Promise<Isolation> {
  const [at, frozen] = members
  const victim = world.victims.at(-1)
  if (!at || !frozen || victim === undefined) throw new TypeError('there are three gateways')
  const meanwhile = async (): Promise<void> => {
    await wait(FROZEN_MS)
    frozen.thaw()
  }
  return isolateUnderLoad(world, members, { victim, at, seen, before: () => frozen.freeze(), meanwhile })
}

/** Waits until calls are answered again. */
async function answeringAgain(members: readonly Member[], seen: Seen): Promise<void> {
  const deadlineMs = performance.now() + SETTLED_MS_MAX
  for (const member of members) {
    for (;;) {
      const answer = await member
        .client(CLERK)
        ?.list()
        .catch(() => undefined)
      if (answer !== undefined) break
      if (performance.now() > deadlineMs)
        return void seen.unexpected.push('a gateway did not recover from the restart of the database')
      await wait(100)
    }
  }
}

/** Reads the log until everything that was begun is closed. */
async function settle({ governed, database, arrivals }: World, seen: Seen): Promise<Reconciled> {
  const auditor = openPool({ url: database.auditorUrl, connectionsMax: 2, statementMs: 60_000 })
  const files: ReadFile = postgresLogFiles(auditor, governed.home.auditOrigin)
  const acts = arrivals.map(({ tool, id }) => ({ tool, id, decided: true }))
  const deadlineMs = performance.now() + SETTLED_MS_MAX
  try {
    for (;;) {
      const reconciled = await reconcile(governed.home, { answered: seen.answered, acts, files })
      if ((reconciled.unclosed === 0 && reconciled.verified) || performance.now() > deadlineMs) return reconciled
      await wait(1_000)
    }
  } finally {
    await auditor.close()
  }
}

interface Found {
  readonly run: Run
  readonly seen: Seen
  readonly drills: readonly Isolation[]
  readonly frozen: Isolation
  readonly reconciled: Reconciled
  readonly loadMs: number
}

function report({ run, seen, drills, frozen, reconciled, loadMs }: Found): Measured {
  const { world } = run
  const reached = world.limited.map((agent) => world.arrivals.filter(({ id }) => id.startsWith(`${agent}/`)).length)
  const overAdmitted = reached.reduce((sum, count) => sum + Math.max(0, count - CALLS_MAX), 0)
  const lastCalls = drills.map(({ lastCallMs }) => lastCallMs).toSorted((a, b) => a - b)
  const afterAsked = drills.map(({ lastCallAfterAskedMs }) => lastCallAfterAskedMs).toSorted((a, b) => a - b)
  const isolationMaxMs = Math.max(...lastCalls, frozen.lastCallMs)
  const { entries, lost, actsWithoutDecision, unknowns, unclosed, verified } = reconciled
  return {
    figures: {
      gateways: MEMBERS,
      loadMs: Math.round(loadMs),
      callsAnswered: seen.answered.length,
      callsUnavailable: seen.unavailable,
      callsGone: seen.gone,
      callsIsolated: seen.isolated,
      unexpected: seen.unexpected.slice(0, 20),
      acts: world.arrivals.length,
      entries,
      unknowns,
      budgets: world.limited.length,
      budgetCallsMax: CALLS_MAX,
      budgetCallsReached: reached,
      isolations: drills.length + 1,
      isolationCallsBefore: drills.reduce((sum, { callsBefore }) => sum + callsBefore, frozen.callsBefore),
      isolationAnsweredP50Ms: round(median(drills.map(({ answeredMs }) => answeredMs).toSorted((a, b) => a - b))),
      isolationLastCallP50Ms: round(median(lastCalls)),
      isolationLastCallMaxMs: round(lastCalls.at(-1) ?? 0),
      isolationLastCallAfterAskedP50Ms: round(median(afterAsked)),
      isolationLastCallAfterAskedMaxMs: round(afterAsked.at(-1) ?? 0),
      isolationWhileFrozenMs: round(frozen.lastCallMs),
      isolationLeaseMs: LEASE_MS,
      isolationSlackMs: SLACK_MS,
    },
    targets: {
      overAdmitted: exactly(overAdmitted, 0),
      budgetsDrawn: atLeast(Math.min(...reached), 1),
      lost: exactly(lost, 0),
      actsWithoutDecision: exactly(actsWithoutDecision, 0),
      unclosed: exactly(unclosed, 0),
      verified: exactly(verified ? 1 : 0, 1),
      isolationMaxMs: atMost(round(isolationMaxMs), LEASE_MS + SLACK_MS, ' ms'),
      unexpected: exactly(seen.unexpected.length, 0),
    },
  }
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
