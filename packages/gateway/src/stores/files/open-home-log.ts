import { join } from 'node:path'
import { completeRotation } from '../../complete-rotation.ts'
import type { Home } from '../../home.ts'
import { endRotation } from '../../log-keyring.ts'
import type { LogStore } from '../../log-store.ts'
import type { State } from '../../state.ts'
import { openFileLog, type FileLogOptions } from './file-log.ts'
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
}): Promise<LogStore> {
  const { home, state, checkpointMs, nowMs, writer } = options
  const { keyring } = home
  const open = (more: Pick<FileLogOptions, 'writer' | 'retiring'>): Promise<LogStore> => {
    const head = state.auditHead()
    return openFileLog({
      dir: home.logDir,
      origin: home.auditOrigin,
      signer: home.auditKey,
      keys: keyring.keys,
      keyHistory: keyring.history,
      checkpointMs,
      nowMs,
      ...more,
      ...(head && { knownHead: { size: head.size, rootHex: head.rootHash } }),
      onCheckpoint: (_, { size, rootHex }) =>
        state.transact([{ op: 'put', kind: 'auditHead', value: { size, rootHash: rootHex, atMs: nowMs() } }]),
    })
  }
  if (keyring.retiring) {
    await completeRotation(await open({ retiring: keyring.retiring }), keyring)
    endRotation(join(home.dir, 'keys'))
  }
  return open({ ...(writer && { writer }) })
}
