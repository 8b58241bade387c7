import { formatNoteKey } from '@sallyport/core'
import { newestStatement, type Keyring } from './log-keyring.ts'
import type { LogStore } from './log-store.ts'
import { SYSTEM_ACTOR } from './system-entries.ts'

/** Writes into the log that its key changed, under a checkpoint that both keys signed, and closes it. After a crash it is done again. */
export async function completeRotation(log: LogStore, keyring: Keyring): Promise<void> {
  const statement = newestStatement(keyring.history)
  try {
    await log.append({
      type: 'admin',
      actor: SYSTEM_ACTOR,
      verb: 'log.key.rotated',
      target: keyring.origin,
      outcome: 'done',
      detail: { key: formatNoteKey(log.key), statement },
    })
    await log.checkpoint()
  } finally {
    await log.close()
  }
}
