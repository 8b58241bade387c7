import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatNoteKey, formatProof, GatewayError, proveEntry, verifyLog, type LogReport } from '@sallyport/core'
import type { LogInspector } from '../../log-inspector.ts'
import type { FileLog } from './file-log.ts'

/** File that an exported log's public key lies in. */
export const LOG_KEY_FILE = 'log.pub'

/** Answers the audit verbs over a log in files. A checkpoint is made first, so that every durable entry is covered. */
export function inspectLog(log: FileLog, dir: string): LogInspector {
  return {
    async verify() {
      await log.checkpoint()
      const report = await verifyLog(log.files, { origin: log.key.name, keys: [log.key] })
      return { ok: report.ok, size: report.size, rootHash: report.root, ...problemOf(report) }
    },
    async prove(index) {
      await log.checkpoint()
      return formatProof(await proveEntry(log.files, index))
    },
    async exportTo(target) {
      if (existsSync(target)) throw new GatewayError('CONFLICT', 'the folder exists; name a new one')
      await log.checkpoint()
      const entries = log.head().size
      mkdirSync(target, { mode: 0o700 })
      cpSync(dir, join(target, 'log'), { recursive: true })
      writeFileSync(join(target, LOG_KEY_FILE), `${formatNoteKey(log.key)}\n`)
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
