import type { NoteKey } from '@sallyport/core'
import { rawPublicKey } from './ed25519.ts'
import type { Home } from './home.ts'
import type { State } from './state.ts'
import { openFileLog, type FileLog } from './stores/files/file-log.ts'

/** The public key that checkpoints of a home's log verify with. */
export function auditKeyOf(home: Pick<Home, 'auditKey' | 'auditOrigin'>): NoteKey {
  return { name: home.auditOrigin, publicKey: rawPublicKey(home.auditKey) }
}

/**
 * Opens the audit log of a home folder. The newest checkpoint is remembered in the state, outside the log's folder, so that a
 * log that was cut back or rolled back does not open.
 * @throws GatewayError `AUDIT_INVALID`, `AUDIT_UNAVAILABLE`
 */
export async function openHomeLog(options: { readonly home: Home; readonly state: State; readonly checkpointMs: number; readonly nowMs: () => number }): Promise<FileLog> {
  const { home, state, checkpointMs, nowMs } = options
  const head = state.auditHead()
  return openFileLog({
    dir: home.logDir,
    origin: home.auditOrigin,
    signer: home.auditKey,
    checkpointMs,
    nowMs,
    ...(head && { knownHead: { size: head.size, rootHex: head.rootHash } }),
    onCheckpoint: (_, { size, rootHex }) => state.transact([{ op: 'put', kind: 'auditHead', value: { size, rootHash: rootHex, atMs: nowMs() } }]),
  })
}
