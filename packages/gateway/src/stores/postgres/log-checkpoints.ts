import type { KeyObject } from 'node:crypto'
import { GatewayError, toHex, verifyCheckpoint, type Leases, type LogKey } from '@sallyport/core'
import type { CheckpointListener, LogHead } from '../../log-store.ts'
import { signByAll } from '../../sign-by-all.ts'
import { logDatabase } from './log-database.ts'
import type { Sequencer } from './log-sequencer.ts'
import type { Database } from './open-pool.ts'

/** The lease of whoever signs checkpoints; what is signed is right whoever does it, so it only saves work. */
const LEASE = 'audit.checkpoint'
/** A signer that stopped is replaced after so many periods, and not before `LEASE_MS_MIN`. */
const LEASE_PERIODS = 3
const LEASE_MS_MIN = 3_000

export interface CheckpointsOptions {
  readonly database: Database
  readonly sequencer: Sequencer
  readonly origin: string
  /** Keys that checkpoints verify with. */
  readonly keys: readonly LogKey[]
  /** Keys that sign a new one. */
  readonly signers: readonly KeyObject[]
  readonly checkpointMs: number
  readonly leases: Leases
}

export interface Checkpoints {
  /** Signs the end of the log unless a checkpoint covers it; returns the newest. */
  checkpoint(): Promise<string>
  head(): LogHead & { readonly note: string }
  onCheckpoint(listener: CheckpointListener): () => void
  close(): void
}

/**
 * Checkpoints of a shared log. Any replica may sign, the database keeps only larger ones, and each replica signs nothing but a
 * tree it has followed leaf by leaf since it opened the log: a database that was rewritten under it gets no signature.
 */
export function openCheckpoints({
  database,
  sequencer,
  origin,
  keys,
  signers,
  checkpointMs,
  leases,
}: CheckpointsOptions): Checkpoints {
  const listeners = new Set<CheckpointListener>()
  let newest: (LogHead & { note: string }) | undefined
  let told = Promise.resolve()
  let signing: Promise<string> | undefined
  let isTicking = false
  const timer = setInterval(() => {
    if (isTicking) return
    isTicking = true
    tick()
      .catch(() => undefined)
      .finally(() => {
        isTicking = false
      })
  }, checkpointMs)
  timer.unref()

  /** Learns what others signed; signs what nobody did, as long as this replica holds the lease. */
  async function tick(): Promise<void> {
    sequencer.nudge()
    const { size, checkpoint: note } = await logDatabase.state(database, origin)
    if (note !== undefined) adopt(note)
    if (size > (newest?.size ?? -1) && (await leases.hold(LEASE, Math.max(LEASE_MS_MIN, LEASE_PERIODS * checkpointMs))))
      await checkpoint()
  }

  function checkpoint(): Promise<string> {
    signing ??= signEnd().finally(() => {
      signing = undefined
    })
    return signing
  }

  async function signEnd(): Promise<string> {
    try {
      const { size, root } = await sequencer.catchUp()
      if (newest?.size !== size) {
        const note = await signByAll({ origin, size, root }, signers)
        if (await logDatabase.publish(database, origin, { size, root, note })) adopt(note)
      }
      // Somebody else may have signed as much or more meanwhile.
      const { checkpoint: stored } = await logDatabase.state(database, origin)
      if (stored !== undefined) adopt(stored)
    } catch (cause) {
      if (cause instanceof GatewayError && cause.code === 'AUDIT_INVALID') throw cause
      throw new GatewayError('AUDIT_UNAVAILABLE', 'the audit log cannot be signed', { cause })
    }
    return head().note
  }

  /** Takes a checkpoint as the newest and tells everybody, in order, if it is larger than what was known. */
  function adopt(note: string): void {
    const read = verifyCheckpoint(note, { origin, keys })
    if ('fault' in read) throw new GatewayError('AUDIT_INVALID', `the checkpoint is not of this log (${read.fault})`)
    if (newest && read.size <= newest.size) return
    const known = { size: read.size, rootHex: toHex(read.root) }
    newest = { ...known, note }
    for (const listener of listeners) told = told.then(() => listener(note, known)).catch(() => undefined)
  }

  function head(): LogHead & { note: string } {
    if (!newest) throw new GatewayError('AUDIT_UNAVAILABLE', 'the audit log has no checkpoint yet')
    return newest
  }

  return {
    checkpoint,
    head,
    onCheckpoint(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => clearInterval(timer),
  }
}
