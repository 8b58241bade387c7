import {
  type ApprovalRecord,
  type DelegationRecord,
  GatewayError,
  type Pin,
  type StateDelta,
  type StateStore,
} from '@sallyport/core'
import { openElapsedClock } from './elapsed-clock.ts'
import type { ErasureRecord } from './erasure-record.ts'
import type { HoldRecord } from './hold-record.ts'
import {
  identityKey,
  type EnrolmentRecord,
  type IdentityRecord,
  type PasskeyRecord,
  type WebSessionRecord,
} from './sign-in-records.ts'
import { followState } from './state-follow.ts'
import { createMirror, encodeChange, type Change, type Changed, type Mirror } from './state-mirror.ts'
import {
  type AgentRecord,
  type AuditHeadRecord,
  type CosignedRecord,
  type GateTestRecord,
  type GuardDatasetRecord,
  type GuardLabelRecord,
  type GuardTestRecord,
  type KeyRecord,
  type Kind,
  type ManifestVersionRecord,
  type Records,
  type SignatureRecord,
  type UserRecord,
  UNPLANNED,
} from './state-records.ts'

export type { Change, Changed } from './state-mirror.ts'

/** The control plane's records in memory: reads are synchronous. */
export interface State {
  /** Whether other processes may change it too. */
  readonly isShared: boolean
  agent(id: string): AgentRecord | undefined
  agents(): AgentRecord[]
  keyByHash(hash: string): KeyRecord | undefined
  keyById(id: string): KeyRecord | undefined
  /** Keys of an agent, oldest first. */
  keys(agent: string): KeyRecord[]
  approval(id: string): ApprovalRecord | undefined
  /** Requests for approval, oldest first. */
  approvals(): ApprovalRecord[]
  /** The newest request with a binding. */
  approvalFor(binding: string): ApprovalRecord | undefined
  /** Who asked whom to decide for them, oldest first, past ones included. */
  delegations(): DelegationRecord[]
  /** The newest test that approvals do what they say. */
  gateTest(): GateTestRecord | undefined
  user(id: string): UserRecord | undefined
  passkey(id: string): PasskeyRecord | undefined
  /** Passkeys of a person, oldest first, without those that were revoked. */
  passkeys(user: string): PasskeyRecord[]
  webSession(hash: string): WebSessionRecord | undefined
  webSessions(): WebSessionRecord[]
  enrolment(hash: string): EnrolmentRecord | undefined
  enrolments(): EnrolmentRecord[]
  identity(issuer: string, subject: string): IdentityRecord | undefined
  users(): UserRecord[]
  hasUser(is: (user: UserRecord) => boolean): boolean
  pin(server: string, tool: string): Pin | undefined
  pins(): Pin[]
  /** Versions of an agent's manifest, oldest first. */
  manifestVersions(agent: string): ManifestVersionRecord[]
  /** Signatures under one version. */
  signatures(agent: string, version: number): SignatureRecord[]
  /** Whether a one-time token was used before. */
  isSpent(id: string): boolean
  auditHead(): AuditHeadRecord | undefined
  /** Whether a person let exactly this content out of quarantine. */
  isReleased(commitment: string): boolean
  /** What people said of contents the guard judged, oldest first. */
  guardLabels(): GuardLabelRecord[]
  /** Versions of the labelled data set, oldest first. */
  guardDatasets(): GuardDatasetRecord[]
  /** The newest run of the attack suite. */
  guardTest(): GuardTestRecord | undefined
  /** Legal holds, past ones included, oldest first. */
  /** Requests to erase people, oldest first. */
  erasures(): ErasureRecord[]
  holds(): HoldRecord[]
  /** What each witness cosigned last, by name. */
  cosigned(): CosignedRecord[]
  /** Newest revision these records reflect. */
  revision(): number
  /**
   * Applies all changes or none; durable, and read from here on, when it resolves.
   * @param basis Revision they were computed from; without it they go through whatever others committed since.
   * @throws GatewayError `CONFLICT` when an inserted record exists or an immutable one would change, `STORE_MOVED` when others
   * committed after `basis`, `STORE_UNAVAILABLE`.
   */
  transact(changes: readonly Change[], basis?: number): Promise<void>
  /** Waits until everything others committed before this call is here; nothing to wait for in an embedded store. */
  refresh(): Promise<void>
  /** Whoever may act must be current: a replica that has not heard from the store lately is not. @throws GatewayError `STORE_STALE` */
  requireFresh(): void
  /** Tells of what others changed, and of what this process did to a shared store. Returns how to stop. */
  onChanged(listener: (changed: readonly Changed[]) => void): () => void
  /** Tells when a shared state grew too old to act on. Returns how to stop. */
  onStale(listener: () => void): () => void
  /** Removes one-time tokens that expired by `nowMs`. Returns how many. */
  prune(nowMs: number): Promise<number>
  close(): Promise<void>
}

const PRUNED_AT_ONCE_MAX = 1_000

/**
 * Loads every record of a store and, where others may commit too, follows it.
 * @param monotonicMs A clock that never goes back and counts while the process is stopped.
 * @throws GatewayError `STORE_UNAVAILABLE` when a record does not fit its schema
 */
export async function openState(store: StateStore, monotonicMs: () => number = openElapsedClock()): Promise<State> {
  const mirror = createMirror()
  const changedListeners = new Set<(changed: readonly Changed[]) => void>()
  const staleListeners = new Set<() => void>()
  let revision = 0
  const absorb = (delta: StateDelta): void => {
    const changed = mirror.absorb(delta)
    revision = delta.revision
    if (changed.length > 0) for (const listener of changedListeners) listener(changed)
  }
  const first = await store.since(0)
  absorb(first)
  /** Where the store itself stands, as far as this process has heard. */
  let stands = first.revision
  const onLost = (): void => {
    for (const listener of staleListeners) listener()
  }
  const following = store.isShared ? followState({ store, absorb, monotonicMs, onLost }, first) : undefined
  await following?.refresh()

  async function transact(changes: readonly Change[], basis?: number): Promise<void> {
    const encoded = changes.map(encodeChange)
    const stored = encoded.map((change) => change.stored)
    if (following === undefined) {
      // The log's own notes come at any moment, between a record and what it is of as well; they make no plan out of date.
      if (basis !== undefined && basis !== revision) throw new GatewayError('STORE_MOVED', 'the state changed since it was read')
      stands = await store.commit(stored, basis === undefined ? undefined : stands)
      mirror.apply(encoded)
      if (changes.some(({ kind }) => !UNPLANNED.has(kind))) revision++
      return
    }
    await store.commit(stored, basis)
    // Others may have committed before and after: only the store knows the order. What is durable is so, heard of or not; but
    // nothing may happen here on a state that is known to lack it.
    await following.refresh().catch(() => following.lose())
  }

  return {
    ...readers(mirror),
    isShared: store.isShared,
    revision: () => revision,
    transact,
    refresh: () => following?.refresh() ?? Promise.resolve(),
    requireFresh: () => following?.requireFresh(),
    onChanged: (listener) => listen(changedListeners, listener),
    onStale: (listener) => listen(staleListeners, listener),
    async prune(nowMs) {
      const expired = [...mirror.tables.spent.values()].filter((spent) => spent.expiresMs < nowMs).slice(0, PRUNED_AT_ONCE_MAX)
      if (expired.length > 0) await transact(expired.map((spent) => ({ op: 'delete', kind: 'spent', key: spent.id })))
      return expired.length
    },
    async close() {
      following?.stop()
      await store.close()
    },
  }
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

type Readers = Pick<
  State,
  Exclude<
    keyof State,
    'isShared' | 'revision' | 'transact' | 'refresh' | 'requireFresh' | 'onChanged' | 'onStale' | 'prune' | 'close'
  >
>

function readers({ tables, keyById, approvalFor }: Mirror): Readers {
  const prefixed = <K extends Kind>(kind: K, prefix: string): Records[K][] =>
    [...tables[kind].entries()].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value)
  return {
    agent: (id) => tables.agent.get(id),
    agents: () => sorted(tables.agent.values(), (agent) => agent.id),
    keyByHash: (hash) => tables.key.get(hash),
    keyById,
    keys: (agent) =>
      [...tables.key.values()]
        .filter((key) => key.agent === agent)
        .sort((a, b) => a.createdMs - b.createdMs || compare(a.id, b.id)),
    approval: (id) => tables.approval.get(id),
    approvals: () => [...tables.approval.values()].sort((a, b) => a.askedMs - b.askedMs || compare(a.id, b.id)),
    approvalFor,
    delegations: () => [...tables.delegation.values()].sort((a, b) => a.createdMs - b.createdMs || compare(a.id, b.id)),
    gateTest: () => tables.gateTest.get('newest'),
    user: (id) => tables.user.get(id),
    passkey: (id) => tables.passkey.get(id),
    passkeys: (user) =>
      [...tables.passkey.values()]
        .filter((passkey) => passkey.user === user && passkey.revokedMs === undefined)
        .sort((a, b) => a.createdMs - b.createdMs || compare(a.id, b.id)),
    webSession: (hash) => tables.webSession.get(hash),
    webSessions: () => sorted(tables.webSession.values(), (session) => session.hash),
    enrolment: (hash) => tables.enrolment.get(hash),
    enrolments: () => sorted(tables.enrolment.values(), (enrolment) => enrolment.hash),
    identity: (issuer, subject) => tables.identity.get(identityKey({ issuer, subject })),
    users: () => sorted(tables.user.values(), (user) => user.id),
    hasUser(is) {
      for (const user of tables.user.values()) if (is(user)) return true
      return false
    },
    pin: (server, tool) => tables.pin.get(`${server}.${tool}`),
    pins: () => sorted(tables.pin.values(), (pin) => `${pin.server}.${pin.tool}`),
    manifestVersions: (agent) => prefixed('manifestVersion', `${agent}/`).sort((a, b) => a.version - b.version),
    signatures: (agent, version) => prefixed('signature', `${agent}/${version}/`).sort((a, b) => a.atMs - b.atMs),
    isSpent: (id) => tables.spent.has(id),
    auditHead: () => tables.auditHead.get('head'),
    isReleased: (commitment) => tables.releasedContent.has(commitment),
    guardLabels: () => [...tables.guardLabel.values()].sort((a, b) => a.atMs - b.atMs || compare(a.id, b.id)),
    guardDatasets: () => [...tables.guardDataset.values()].sort((a, b) => a.version - b.version),
    guardTest: () => tables.guardTest.get('newest'),
    erasures: () => [...tables.erasure.values()].sort((a, b) => a.atMs - b.atMs || compare(a.id, b.id)),
    holds: () => [...tables.hold.values()].sort((a, b) => a.opened.atMs - b.opened.atMs || compare(a.id, b.id)),
    cosigned: () => sorted(tables.cosigned.values(), (record) => record.witness),
  }
}

function sorted<T>(values: Iterable<T>, by: (value: T) => string): T[] {
  return [...values].sort((a, b) => compare(by(a), by(b)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
