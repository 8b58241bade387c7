// Verifies the log in a folder and says how long it took and how much memory this process needed at most.
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { verifyLog } from '@sallyport/core'
import { logReader, rawPublicKey, sha256Native } from '@sallyport/gateway'
import { SIGNER } from '../../../packages/gateway/src/stores/files/fixtures/sample.ts'

export const LONG_ORIGIN = 'sallyport.local/long'

export interface Verified {
  readonly ok: boolean
  readonly size: number
  readonly tookMs: number
  readonly memoryMib: number
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startMs = performance.now()
  const keys = [{ name: LONG_ORIGIN, publicKey: rawPublicKey(SIGNER) }]
  const { ok, size } = await verifyLog(logReader(process.argv[2] ?? ''), { origin: LONG_ORIGIN, keys, sha: sha256Native })
  const verified: Verified = {
    ok,
    size,
    tookMs: performance.now() - startMs,
    memoryMib: Math.round(process.resourceUsage().maxRSS / 1_024),
  }
  process.stdout.write(JSON.stringify(verified))
}
