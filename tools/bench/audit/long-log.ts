import { execFile } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { formatProof, proveEntry } from '@sallyport/core'
import { logReader, openFileLog } from '@sallyport/gateway'
import { SIGNER } from '../../../packages/gateway/src/stores/files/fixtures/sample.ts'
import { diskFolder, type LogFolder } from '../../../packages/gateway/src/stores/files/log-folder.ts'
import { directWriter } from '../../../packages/gateway/src/stores/files/writer-link.ts'
import { prefixed, quantiles, rounded } from './load.ts'
import { LONG_ORIGIN, type Verified } from './verify-long.ts'

const PROOFS = 200
/** Entries handed to the log at a time. */
const AT_ONCE = 20_000
const VERIFY_MS_MAX = 3_600_000

/** Nobody waits for these entries to survive: the log is made to be read. */
const UNSYNCED: LogFolder = { ...diskFolder, sync: () => undefined, syncFolder: () => undefined }

/** Verifying and proving in a log of so many small entries: time, memory of a process that does nothing else, bytes of a proof. */
export async function longLog(dir: string, entries: number, note: (line: string) => void): Promise<Record<string, number>> {
  note(`a log of ${entries} entries is written`)
  const writer = directWriter(UNSYNCED)
  const log = await openFileLog({ dir, origin: LONG_ORIGIN, signer: SIGNER, checkpointMs: 3_600_000, nowMs: Date.now, writer })
  for (let made = 0; made < entries; made += AT_ONCE) {
    const count = Math.min(AT_ONCE, entries - made)
    await Promise.all(Array.from({ length: count }, (_, i) => log.append(small(made + i))))
  }
  await log.close()
  note('it is verified')
  const program = fileURLToPath(new URL('./verify-long.ts', import.meta.url))
  const run = promisify(execFile)(process.execPath, ['--conditions=sallyport-source', program, dir], { timeout: VERIFY_MS_MAX })
  const verified = JSON.parse((await run).stdout) as Verified
  if (!verified.ok || verified.size !== entries) throw new Error('the long log does not verify')
  const waitsMs: number[] = []
  let proofBytes = 0
  for (let i = 0; i < PROOFS; i++) {
    const index = Math.floor((i * entries) / PROOFS)
    const startMs = performance.now()
    proofBytes = Math.max(proofBytes, Buffer.byteLength(formatProof(await proveEntry(logReader(dir), index))))
    waitsMs.push(performance.now() - startMs)
  }
  return {
    longEntries: entries,
    longVerifyS: rounded(verified.tookMs / 1_000),
    longVerifyMemoryMib: verified.memoryMib,
    ...prefixed('longProof', quantiles(waitsMs)),
    longProofBytesMax: proofBytes,
  }
}

function small(number: number): Parameters<Awaited<ReturnType<typeof openFileLog>>['append']>[0] {
  return {
    type: 'admin',
    actor: { type: 'system', id: 'bench' },
    verb: 'entry',
    target: String(number),
    outcome: 'done',
    detail: {},
  }
}
