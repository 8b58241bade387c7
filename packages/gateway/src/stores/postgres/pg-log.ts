import { createPrivateKey, type KeyObject } from 'node:crypto'
import {
  GatewayError,
  rootAt,
  sameBytes,
  TileBuilder,
  tileNodes,
  verifyCheckpoint,
  type Leases,
  type LogKey,
  type NoteKey,
  type ReadFile,
} from '@sallyport/core'
import { rawPublicKey } from '../../ed25519.ts'
import type { LogStore } from '../../log-store.ts'
import { requirePermit } from '../../prune-log.ts'
import { readLog, readLogBack } from '../../read-log.ts'
import { sha256Native } from '../../sha256-native.ts'
import { openCheckpoints } from './log-checkpoints.ts'
import { logDatabase, type OpenedLog } from './log-database.ts'
import { postgresLogFiles } from './log-files.ts'
import { Sequencer } from './log-sequencer.ts'
import type { Database, Queries } from './open-pool.ts'

export interface PostgresLogOptions {
  /** With the role `sallyport_gateway`. A pool of the log's own, of at least two connections: appends must not queue behind others. */
  readonly database: Database
  /** With the role `sallyport_auditor`; without it nothing of the log can be read here, only appended. */
  readonly auditor?: Queries
  /** With the role `sallyport_keeper`; without it nothing can be pruned here. */
  readonly keeper?: Queries
  /** Name of the log in its checkpoints, and of the key that signs them. The same for all replicas, as the key is. */
  readonly origin: string
  /** Ed25519 private key: a key object or PKCS #8 PEM. */
  readonly signer: KeyObject | string
  /** Every key the log had, each with its sizes; only the signer's unless set. */
  readonly keys?: readonly LogKey[]
  /** The signed statements they follow from. */
  readonly keyHistory?: string
  /** A key that signs checkpoints beside the signer: the one it follows, while a rotation is completed. */
  readonly retiring?: KeyObject
  /** Longest time between a durable entry and the checkpoint that covers it, while the replica that signs lives. */
  readonly checkpointMs: number
  readonly nowMs: () => number
  /** This process in the table `replica`; it must be there, and be new with every start. */
  readonly replica: string
  readonly leases: Leases
  /** How far an entry may be dated after the clock of the database, ms; appends beyond it are refused. */
  readonly skewMs?: number
}

/** A clock more than a minute ahead would date everything the others append after it. */
const SKEW_MS_MAX = 60_000

/**
 * Opens or makes the audit log in a database that any number of gateways share. Unlike the files' log it goes on by itself when the
 * database was away. Acts whose replica was lost are closed by `reconcileActs`, not here.
 * @throws GatewayError `AUDIT_INVALID` when head, tiles and checkpoint do not fit together, `STORE_UNAVAILABLE`, `CONFIG_INVALID`
 * for a key that is not Ed25519, `CONFIG_INSECURE` for a server that does not write to its disk.
 */
export async function openPostgresLog(options: PostgresLogOptions): Promise<LogStore> {
  const { database, auditor, keeper, origin, nowMs, replica, leases, checkpointMs, retiring } = options
  const privateKey = typeof options.signer === 'string' ? createPrivateKey(options.signer) : options.signer
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new GatewayError('CONFIG_INVALID', 'the audit key is not an Ed25519 key')
  const key: NoteKey = { name: origin, publicKey: rawPublicKey(privateKey) }
  const keys = options.keys ?? [key]
  const files = postgresLogFiles(auditor, origin)
  await requireDurable(database)
  const opened = await logDatabase.open(database, origin)
  const tree = restoreTree(opened)
  await compareCheckpoint(opened, { origin, keys, ...(auditor && { files }) })
  const skewMs = options.skewMs ?? SKEW_MS_MAX
  const sequencer = new Sequencer({ database, origin, replica, nowMs, skewMs }, { tree, lastMs: opened.lastMs })
  const signers = retiring ? [retiring, privateKey] : [privateKey]
  const checkpoints = openCheckpoints({ database, sequencer, origin, keys, signers, checkpointMs, leases })
  await checkpoints.checkpoint()
  const size = async (): Promise<number> => (await logDatabase.state(database, origin)).size
  const log: LogStore = {
    key,
    keyHistory: options.keyHistory ?? '',
    files,
    append: (body) => sequencer.append(body),
    read: (from, to) => readLog(files, from, to),
    async *readBack(untilMs) {
      yield* readLogBack(files, await size(), untilMs)
    },
    size,
    checkpoint: () => checkpoints.checkpoint(),
    head: () => checkpoints.head(),
    onCheckpoint: (listener) => checkpoints.onCheckpoint(listener),
    async removeBelow(to, permit) {
      if (!keeper) throw new GatewayError('AUDIT_FORBIDDEN', 'this process may not prune the audit log')
      await requirePermit(log, to, permit)
      await logDatabase.remove(keeper, origin, { to, permit })
    },
    async close() {
      checkpoints.close()
      await sequencer.close()
      // What cannot be signed now is signed by the next replica that looks.
      await checkpoints.checkpoint().catch(() => undefined)
    },
  }
  return log
}

/** A server that does not wait for its disk acknowledges what a crash takes back. */
async function requireDurable(database: Queries): Promise<void> {
  const sql = "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages"
  const { rows } = await database.query<{ fsync: string; pages: string }>(sql)
  if (rows[0]?.fsync !== 'on' || rows[0].pages !== 'on')
    throw new GatewayError('CONFIG_INSECURE', 'the database runs with fsync or full_page_writes off')
}

/** The tree over all entries, from its rightmost tiles. */
function restoreTree({ size, root, levels, hasRest }: OpenedLog): TileBuilder {
  let tree: TileBuilder | undefined
  try {
    tree = new TileBuilder(sha256Native, { size, levels })
  } catch {
    // Fewer or more hashes than the size says; told below.
  }
  if (!tree || hasRest || !sameBytes(tree.root(), root)) throw invalid('the entries and tiles of the log do not fit its head')
  return tree
}

/** The log must still contain the tree of its newest checkpoint, as far as this process may look. */
async function compareCheckpoint(
  { size, checkpoint: note }: OpenedLog,
  { files, ...trusted }: { readonly origin: string; readonly keys: readonly LogKey[]; readonly files?: ReadFile },
): Promise<void> {
  if (note === undefined) {
    if (size > 0) throw invalid('the checkpoint is missing')
    return
  }
  const checkpoint = verifyCheckpoint(note, trusted)
  if ('fault' in checkpoint) throw invalid(`the checkpoint is not of this log (${checkpoint.fault})`)
  if (checkpoint.size > size) throw invalid('entries that the checkpoint covers are missing')
  if (files && !sameBytes(await rootAt(checkpoint.size, tileNodes(files, size, sha256Native)), checkpoint.root))
    throw invalid('the tiles do not have the root of the checkpoint')
}

function invalid(message: string): GatewayError {
  return new GatewayError('AUDIT_INVALID', message)
}
