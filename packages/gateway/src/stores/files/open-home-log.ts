import type { Home } from '../../home.ts'
import type { State } from '../../state.ts'
import { openFileLog, type FileLog } from './file-log.ts'
import type { WriterLink } from './writer-link.ts'

/**
 * Opens the audit log of a home folder. The newest checkpoint is remembered in the state, outside the log's folder, so that a
 * log that was cut back or rolled back does not open.
 * @throws GatewayError `AUDIT_INVALID`, `AUDIT_UNAVAILABLE`
 */
export async function openHomeLog(options: {
  readonly home: Home
  readonly state: State
  readonly checkpointMs: number
  readonly nowMs: () => number
  readonly writer?: WriterLink
}): Promise<FileLog> {
  const { home, state, checkpointMs, nowMs, writer } = options
  const head = state.auditHead()
  return openFileLog({
    dir: home.logDir,
    origin: home.auditOrigin,
    signer: home.auditKey,
    checkpointMs,
    nowMs,
    ...(writer && { writer }),
    ...(head && { knownHead: { size: head.size, rootHex: head.rootHash } }),
    onCheckpoint: (_, { size, rootHex }) =>
      state.transact([{ op: 'put', kind: 'auditHead', value: { size, rootHash: rootHex, atMs: nowMs() } }]),
  })
}
