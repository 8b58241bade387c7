import {
  firstKept,
  GatewayError,
  parsePruned,
  PRUNED_VERB,
  rootAt,
  TILE_WIDTH,
  tileNodes,
  toHex,
  type AuditLog,
} from '@sallyport/core'
import type { LogStore } from './log-store.ts'
import { SYSTEM_ACTOR } from './system-entries.ts'

export interface PruneRequest {
  /** Entries before this index go. A multiple of 256. */
  readonly to: number
  /** The policy under which they go, as words or a hash. */
  readonly policy: string
  /** Who or what decided: a person, or the schedule. */
  readonly authority: string
  /** Asked last, before it is recorded and before anything goes. Throws when it must not go after all. */
  readonly confirm?: () => Promise<void>
}

/**
 * Prunes a log: records it in an entry of the part that stays, has a checkpoint cover that entry, and only then removes entries.
 * Whoever verifies the log later finds out that they are gone, how many, and by whose decision. Whether they may go is for the
 * caller to know.
 * @returns Index of the `log.pruned` entry; `undefined` when nothing is left to remove.
 * @throws GatewayError `REQUEST_PARAMS` when `to` is no boundary of a bundle that a checkpoint covers.
 */
export async function pruneLog(log: LogStore, request: PruneRequest): Promise<number | undefined> {
  const { to, policy, authority, confirm } = request
  const { size } = log.head()
  if (!Number.isSafeInteger(to) || to <= 0 || to % TILE_WIDTH !== 0 || to > size)
    throw new GatewayError('REQUEST_PARAMS', 'a log is pruned at a multiple of 256 that a checkpoint covers')
  const kept = await firstKept(log.files)
  if (kept >= to) return undefined
  const root = toHex(await rootAt(to, tileNodes(log.files, size)))
  await confirm?.()
  const permit = await log.append({
    type: 'admin',
    actor: SYSTEM_ACTOR,
    verb: PRUNED_VERB,
    target: String(to),
    outcome: 'done',
    detail: { from: kept, to, root, policy, authority },
  })
  await log.checkpoint()
  await confirm?.()
  await log.removeBelow(to, permit)
  return permit
}

/** Second look of an adapter before it removes anything. @throws GatewayError `CONFLICT` */
export async function requirePermit(
  log: Pick<AuditLog, 'read'> & Pick<LogStore, 'head'>,
  to: number,
  permit: number,
): Promise<void> {
  const [entry] = await log.read(permit, permit + 1)
  const pruned = entry && parsePruned(entry)
  const isPermitted = pruned !== undefined && to % TILE_WIDTH === 0 && to <= pruned.to && permit < log.head().size
  if (!isPermitted) throw new GatewayError('CONFLICT', 'no entry that a checkpoint covers says that this may go')
}
