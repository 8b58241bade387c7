import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Home, type State, openSqliteStore, openState, rawPublicKey } from '@sallyport/gateway'
import { agentClient } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { AGENT, type Company, LIMITED, LIMITED_CALLS_MAX, openCompany, TASK } from './company.ts'
import { type GatewayProcess, spawnGateway } from './gateway-child.ts'
import { nothingSeen, type Seen, startLoad } from './load.ts'
import { type Reconciled, reconcile } from './reconcile.ts'
import type { Random } from './seeded.ts'

const CALLERS_MIN = 16
const CALLERS_MAX = 64
/** A fresh process needs some hundred milliseconds of load to become fast. */
const LOAD_MS_MAX = 1_500
/** The load after the last restart. */
const LAST_LOAD_MS = 600
/** A start takes about as long; one round in three is killed once more within it. */
const START_MS_MAX = 1_000
/** Calls of the tool with a budget in one load: two use it up, the others must not get it back. */
const LIMITED_CALLS_PER_ROUND = 15

export interface KillOptions {
  readonly rounds: number
  /** Longest load before a kill. */
  readonly loadMsMax?: number
  readonly random: Random
  readonly note: (line: string) => void
}

export interface KillFigures extends Reconciled {
  readonly rounds: number
  readonly kills: number
  readonly killsWhileStarting: number
  readonly callsAnswered: number
  readonly callsRefused: number
  readonly acts: number
  readonly unexpected: readonly string[]
  /** Restarts after which the gateway did not vouch for its log, and the copy of it at the end. */
  readonly unverified: number
  /** Acts of the tool with a budget beyond that budget, over all restarts. */
  readonly budgetOverdrawn: number
  readonly stateChanges: number
  /** Acknowledged records of the state that were gone or changed at the end. */
  readonly stateLost: number
}

/** One run over all rounds, on one home folder. */
interface Run {
  readonly company: Company
  readonly random: Random
  readonly seen: Seen
  readonly users: string[]
  readonly checkpoints: Set<string>
  kills: number
  killsWhileStarting: number
  unverified: number
}

/**
 * Kills the whole gateway under load, again and again on one home folder, each time at another moment, now and then while it
 * starts. After the last restart the log must hold everything a client or the tool server ever saw.
 */
export async function killGateway({ rounds, loadMsMax = LOAD_MS_MAX, random, note }: KillOptions): Promise<KillFigures> {
  const company = await openCompany()
  const run: Run = {
    company,
    random,
    seen: nothingSeen(),
    users: [],
    checkpoints: new Set(),
    kills: 0,
    killsWhileStarting: 0,
    unverified: 0,
  }
  try {
    const before = await recordsOf(company.home)
    for (let round = 1; round <= rounds; round++) {
      await killOnce(run, round, loadMsMax)
      note(`round ${round} of ${rounds}: ${run.seen.answered.length} calls answered, ${company.acts().length} acts`)
    }
    await loadAndStop(run)
    return await conclude(run, rounds, before)
  } finally {
    await company.close()
  }
}

async function killOnce(run: Run, round: number, loadMsMax: number): Promise<void> {
  const { company, random } = run
  if (random(3) === 0) {
    const early = spawnGateway(company.home.dir)
    await wait(random(START_MS_MAX))
    await early.kill()
    run.killsWhileStarting++
  }
  const gateway = spawnGateway(company.home.dir)
  try {
    const load = await loaded(run, gateway, `round-${round}`)
    const changes = changeState(run, round)
    await wait(random(loadMsMax))
    await gateway.kill()
    run.kills++
    await Promise.all([load.stop(), changes])
  } finally {
    await gateway.stop()
  }
  run.checkpoints.add(readFileSync(join(company.home.logDir, 'checkpoint'), 'utf8'))
}

/** Waits until the gateway is up, asks it for its log, and begins to call. */
async function loaded(run: Run, gateway: GatewayProcess, name: string): Promise<ReturnType<typeof startLoad>> {
  const { company, random, seen } = run
  const agent = agentClient(await gateway.url(), AGENT, company.secret(AGENT, TASK))
  const { ok } = await company.control('bob', 'audit.verify', {})
  if (ok !== true) run.unverified++
  const callers = CALLERS_MIN + random(CALLERS_MAX - CALLERS_MIN + 1)
  return startLoad({ agent, callers, name, limitedCalls: LIMITED_CALLS_PER_ROUND }, seen)
}

/** An owner's work until the gateway is gone: what was answered must be there afterwards. */
async function changeState({ company, users }: Run, round: number): Promise<void> {
  for (let number = 0; ; number++) {
    const user = `user-${round}-${number}`
    const publicKey = Buffer.from(rawPublicKey(generateKeyPairSync('ed25519').privateKey)).toString('base64')
    try {
      await company.control('alice', 'user.create', { user, roles: ['auditor'], attributes: {}, publicKey })
    } catch {
      return
    }
    users.push(user)
    await wait(20)
  }
}

async function loadAndStop(run: Run): Promise<void> {
  const gateway = spawnGateway(run.company.home.dir)
  try {
    const load = await loaded(run, gateway, 'last')
    await wait(LAST_LOAD_MS)
    await load.stop()
  } finally {
    await gateway.stop()
  }
}

async function conclude({ company, seen, users, ...run }: Run, rounds: number, before: Records): Promise<KillFigures> {
  const acts = company.acts()
  const { answered, unexpected } = seen
  const reconciled = await reconcile(company.home, { answered, acts, checkpoints: [...run.checkpoints] })
  const limited = Math.max(reconciled.limitedAllowed, acts.filter(({ tool }) => tool === LIMITED).length)
  const after = await recordsOf(company.home)
  const changed = [...before].filter(([key, value]) => !isDeepStrictEqual(after.get(key), value))
  return {
    ...reconciled,
    rounds,
    kills: run.kills,
    killsWhileStarting: run.killsWhileStarting,
    callsAnswered: answered.length,
    callsRefused: answered.filter(({ allowed }) => !allowed).length,
    acts: acts.length,
    unexpected,
    unverified: run.unverified + (reconciled.verified ? 0 : 1),
    budgetOverdrawn: Math.max(0, limited - LIMITED_CALLS_MAX),
    stateChanges: users.length,
    stateLost: changed.length + users.filter((user) => !after.has(`user ${user}`)).length,
  }
}

type Records = ReadonlyMap<string, object>

/** Every record that nothing in this evaluation changes, by kind and name. */
async function recordsOf(home: Home): Promise<Records> {
  const state = await openState(openSqliteStore(home.stateFile))
  try {
    return new Map<string, object>([
      ...state.users().map((user) => [`user ${user.id}`, user] as const),
      ...state.pins().map((pin) => [`pin ${pin.server}.${pin.tool}`, pin] as const),
      ...state.agents().flatMap((agent) => [[`agent ${agent.id}`, agent] as const, ...recordsOfAgent(state, agent.id)]),
    ])
  } finally {
    await state.close()
  }
}

function recordsOfAgent(state: State, agent: string): (readonly [string, object])[] {
  return [
    ...state.keys(agent).map((key) => [`key ${key.id}`, key] as const),
    ...state.manifestVersions(agent).map((version) => [`manifest ${agent} ${version.version}`, version] as const),
    ...state.signatures(agent, 1).map((signature) => [`signature ${agent} ${signature.user}`, signature] as const),
  ]
}
