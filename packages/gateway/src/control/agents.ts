import { createHash } from 'node:crypto'
import { GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import { hashAgentKey, newAgentKey } from '../identity/agent-key.ts'
import { type KeyRecord, ROLES } from '../state-records.ts'
import type { Change } from '../state.ts'
import { defineVerb, type ControlActor, type ControlDeps } from './define-verb.ts'
import { requireAgent, requireTask } from './require.ts'

/** Longest life of a key, and the longest overlap of two: a year. */
const KEY_TTL_MS_MAX = 31_536_000_000
const OVERLAP_MS_DEFAULT = 86_400_000
/** Live keys of one agent; more than this means a rotation that never ends. */
const KEYS_LIVE_MAX = 50
const KEY_ID_CHARS = 12

const TtlMs = z.int().min(1_000).max(KEY_TTL_MS_MAX)
const Issued = z.strictObject({
  id: z.string(),
  secret: z.string().meta({ description: 'Shown once; only its hash is kept.' }),
  task: z.string().optional(),
  expiresMs: z.int().optional(),
})

export const agentCreate = defineVerb({
  name: 'agent.create',
  summary: 'Register an agent and give it its first key',
  roles: ['owner', 'admin', 'engineer'],
  confirm: () => true,
  input: z.strictObject({ agent: Id, task: Id.optional(), ttlMs: TtlMs.optional() }),
  output: z.strictObject({ agent: Id, key: Issued }),
  target: (input) => input.agent,
  async run(deps, input, actor) {
    if (deps.state.agent(input.agent) !== undefined)
      throw new GatewayError('CONFLICT', 'the agent exists; use "agent rotate" for another key')
    if (input.task !== undefined) await requireTask(deps, input.agent, input.task)
    const createdMs = deps.nowMs()
    const issued = issueKey(deps, { agent: input.agent, epoch: 0, task: input.task, ttlMs: input.ttlMs }, actor)
    const agent: Change = {
      op: 'insert',
      kind: 'agent',
      value: { id: input.agent, epoch: 0, epochMs: 0, createdMs, createdBy: actor.user.id },
    }
    return {
      output: { agent: input.agent, key: issued.shown },
      changes: [agent, issued.change],
      detail: { key: issued.shown.id, task: input.task ?? 'exchange only' },
    }
  },
})

export const agentRotate = defineVerb({
  name: 'agent.rotate',
  summary: 'Issue a new key for a task; older keys for the same task expire after the overlap',
  roles: ['owner', 'admin', 'engineer'],
  confirm: () => true,
  input: z.strictObject({
    agent: Id,
    task: Id.optional(),
    ttlMs: TtlMs.optional(),
    overlapMs: z.int().min(0).max(KEY_TTL_MS_MAX).default(OVERLAP_MS_DEFAULT),
  }),
  output: z.strictObject({ agent: Id, key: Issued, replaced: z.array(z.strictObject({ id: z.string(), expiresMs: z.int() })) }),
  target: (input) => input.agent,
  async run(deps, input, actor) {
    const agent = requireAgent(deps, input.agent)
    if (input.task !== undefined) await requireTask(deps, input.agent, input.task)
    const nowMs = deps.nowMs()
    const live = deps.state.keys(input.agent).filter((key) => isLive(key, nowMs))
    if (live.length >= KEYS_LIVE_MAX)
      throw new GatewayError('CONFLICT', `the agent has ${KEYS_LIVE_MAX} live keys; revoke some first`)
    const issued = issueKey(deps, { agent: input.agent, epoch: agent.epoch, task: input.task, ttlMs: input.ttlMs }, actor)
    const older = live
      .filter((key) => key.task === input.task)
      .map((key) => ({ ...key, expiresMs: Math.min(key.expiresMs ?? Infinity, nowMs + input.overlapMs) }))
    const replaced = older.map(({ id, expiresMs }) => ({ id, expiresMs }))
    return {
      output: { agent: input.agent, key: issued.shown, replaced },
      changes: [issued.change, ...older.map((value): Change => ({ op: 'put', kind: 'key', value }))],
      detail: {
        key: issued.shown.id,
        task: input.task ?? 'exchange only',
        replaced: replaced.map((key) => key.id),
        overlapMs: input.overlapMs,
      },
    }
  },
})

export const agentRevoke = defineVerb({
  name: 'agent.revoke',
  summary: 'Revoke one key of an agent, or all of its credentials, from the next call on',
  roles: ['owner', 'admin', 'engineer', 'security'],
  input: z.strictObject({ agent: Id, key: z.string().max(64).optional() }),
  output: z.strictObject({ agent: Id, revoked: z.array(z.string()) }),
  target: (input) => input.agent,
  record: 'after',
  run(deps, input) {
    const agent = requireAgent(deps, input.agent)
    const nowMs = deps.nowMs()
    const keys = deps.state
      .keys(input.agent)
      .filter((key) => key.revokedMs === undefined && (input.key === undefined || key.id === input.key))
    if (input.key !== undefined && keys.length === 0)
      throw new GatewayError('NOT_FOUND', 'the agent has no such key that is not revoked')
    const changes = keys.map((key): Change => ({ op: 'put', kind: 'key', value: { ...key, revokedMs: nowMs } }))
    // Without a key named, sessions and outside tokens die too: they all carry the epoch, or a time before it.
    if (input.key === undefined)
      changes.push({ op: 'put', kind: 'agent', value: { ...agent, epoch: agent.epoch + 1, epochMs: nowMs } })
    const revoked = keys.map((key) => key.id)
    return { output: { agent: input.agent, revoked }, changes, detail: { keys: revoked, all: input.key === undefined } }
  },
})

const ListedKey = z.strictObject({
  id: z.string(),
  task: z.string().optional(),
  state: z.enum(['live', 'expired', 'revoked', 'dead']).meta({ description: '`dead`: issued before the agent was isolated.' }),
  createdMs: z.int(),
  createdBy: z.string(),
  expiresMs: z.int().optional(),
  revokedMs: z.int().optional(),
})
const ListedAgent = z.strictObject({
  id: Id,
  epoch: z.int(),
  createdMs: z.int(),
  isolated: z.strictObject({ sinceMs: z.int(), by: z.string(), reason: z.string() }).optional(),
  manifest: z.strictObject({ version: z.int(), hash: z.string(), signed: z.boolean(), proposed: z.int() }).optional(),
  keys: z.array(ListedKey),
})

export const agentList = defineVerb({
  name: 'agent.list',
  summary: 'Agents, their keys (never the secrets) and where their manifests stand',
  roles: ROLES,
  reads: true,
  input: z.strictObject({}),
  output: z.strictObject({ agents: z.array(ListedAgent) }),
  run(deps) {
    const nowMs = deps.nowMs()
    const agents = deps.state.agents().map((agent) => {
      const manifest = deps.manifests.current(agent.id)
      return {
        id: agent.id,
        epoch: agent.epoch,
        createdMs: agent.createdMs,
        ...(agent.isolated && { isolated: agent.isolated }),
        ...(manifest && {
          manifest: { version: manifest.version, hash: manifest.hash, signed: manifest.signed, proposed: manifest.proposed.length },
        }),
        keys: deps.state
          .keys(agent.id)
          .map(({ hash: _, agent: __, epoch, ...key }) => ({ ...key, state: keyState({ ...key, epoch }, agent.epoch, nowMs) })),
      }
    })
    return { output: { agents } }
  },
})

interface NewKey {
  readonly agent: string
  readonly epoch: number
  readonly task: string | undefined
  readonly ttlMs: number | undefined
}

function issueKey(deps: ControlDeps, key: NewKey, actor: ControlActor): { shown: z.infer<typeof Issued>; change: Change } {
  const secret = newAgentKey(deps.randomBytes)
  const hash = hashAgentKey(secret)
  // R016: a credential belongs to one agent, also when the source of randomness repeats itself.
  if (deps.state.keyByHash(hash) !== undefined) throw new GatewayError('CONFLICT', 'this credential is registered already')
  const createdMs = deps.nowMs()
  const limits = {
    ...(key.task === undefined ? {} : { task: key.task }),
    ...(key.ttlMs === undefined ? {} : { expiresMs: createdMs + key.ttlMs }),
  }
  // Named by a second hash, so that the id says nothing about what is stored.
  const id = `key-${createHash('sha256').update(hash).digest('hex').slice(0, KEY_ID_CHARS)}`
  const value: KeyRecord = { hash, id, agent: key.agent, epoch: key.epoch, createdMs, createdBy: actor.user.id, ...limits }
  return { shown: { id, secret, ...limits }, change: { op: 'insert', kind: 'key', value } }
}

function isLive(key: KeyRecord, nowMs: number): boolean {
  return key.revokedMs === undefined && (key.expiresMs === undefined || key.expiresMs > nowMs)
}

function keyState(key: Omit<KeyRecord, 'hash' | 'agent'>, epoch: number, nowMs: number): 'live' | 'expired' | 'revoked' | 'dead' {
  if (key.revokedMs !== undefined) return 'revoked'
  if (key.expiresMs !== undefined && key.expiresMs <= nowMs) return 'expired'
  return key.epoch < epoch ? 'dead' : 'live'
}
