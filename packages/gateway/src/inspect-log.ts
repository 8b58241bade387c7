import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exportLog, formatNoteKey, formatProof, GatewayError, proveEntry, verifyLog, type LogReport } from '@sallyport/core'
import { checkpointNow } from './checkpoint-now.ts'
import type { LogInspector } from './log-inspector.ts'
import type { LogStore } from './log-store.ts'

/** File that an exported log's public key lies in. */
export const LOG_KEY_FILE = 'log.pub'
/** File with the history of its keys, where there was more than one. */
export const LOG_KEYS_FILE = 'log.keys'

/**
 * Answers the audit verbs over a log. A checkpoint is made first, so that every durable entry is covered.
 * @param stampsDir Folder of time stamps that an export takes along.
 */
export function inspectLog(log: LogStore, stampsDir?: string): LogInspector {
  return {
    async verify() {
      await checkpointNow(log)
      const report = await verifyLog(log.files, { origin: log.key.name, keys: [log.key] })
      return { ok: report.ok, size: report.size, rootHash: report.root, ...problemOf(report) }
    },
    async prove(index) {
      await checkpointNow(log)
      // The one under way may have begun before the entry was durable; the next covers it.
      if (log.head().size <= index) await checkpointNow(log)
      return formatProof(await proveEntry(log.files, index))
    },
    async exportTo(target) {
      if (existsSync(target)) throw new GatewayError('CONFLICT', 'the folder exists; name a new one')
      await checkpointNow(log)
      const entries = log.head().size
      mkdirSync(target, { mode: 0o700 })
      for await (const { path, bytes } of exportLog(log.files)) {
        const file = join(target, 'log', path)
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
        writeFileSync(file, bytes)
      }
      writeFileSync(join(target, LOG_KEY_FILE), `${formatNoteKey(log.key)}\n`)
      if (log.keyHistory) writeFileSync(join(target, LOG_KEYS_FILE), log.keyHistory)
      if (stampsDir !== undefined && existsSync(stampsDir)) cpSync(stampsDir, join(target, 'stamps'), { recursive: true })
      return { entries }
    },
  }
}

/** The most telling problem in words. */
export function problemOf(report: LogReport): { problem?: string } {
  const [first] = report.problems
  if (first === undefined) return {}
  const place = first.exact ? `entry ${first.index}` : `entries from ${first.index} on`
  return { problem: `${first.reason} at ${place}${first.detail === undefined ? '' : `: ${first.detail}`}` }
}
