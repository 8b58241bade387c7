import { createHash } from 'node:crypto'
import { type LogProblemCode, verifyLog } from '@sallyport/core'
import { type Files, KEY, ORIGIN } from '../../../packages/core/src/record/fixtures/memory-log.ts'

export const sha = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** One attack on a log: what it leaves behind, and what the verifier has to say about it. */
export interface Attack {
  readonly name: string
  readonly files: Files
  /** Checkpoints held elsewhere. */
  readonly known?: readonly string[]
  /** The first problem must have this reason. */
  readonly reason: LogProblemCode
  /** The first problem must be at this entry. */
  readonly index?: number
}

/** What went wrong with a case; `undefined` when the attack was caught for the right reason. */
export async function missed({ name, files, known = [], reason, index }: Attack): Promise<string | undefined> {
  const report = await verifyLog((path) => files.get(path), { origin: ORIGIN, keys: [KEY], known, sha })
  const [first] = report.problems
  if (report.ok || first === undefined) return `${name}: not caught`
  if (first.reason !== reason) return `${name}: ${first.reason} instead of ${reason}`
  if (index !== undefined && first.index !== index) return `${name}: at ${first.index} instead of ${index}`
  return undefined
}
