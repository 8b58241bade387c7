import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { buildEntry, type EntryBody } from '@sallyport/core'
import { openFileLog, type FileLog } from '@sallyport/gateway'
import { atLeast, atMost, type Measured, type Program } from '../report.ts'

const ENTRIES_PER_S_TARGET = 30_000
const MAIN_THREAD_US_TARGET = 15
const IN_FLIGHT = [1, 16, 64]
const RUN_MS = 3_000
const SHORT_RUN_MS = 1_000

/** Durable entries per second by callers in flight, and what an entry costs the caller's thread. */
export const audit: Program = { about: 'durable entries/s of the audit log, waits and cost on the calling thread', run }

async function run({ short }: { readonly short: boolean }): Promise<Measured> {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const figures: Record<string, number> = {
    entryBytes: buildEntry(decision('act'), { index: 0, nowMs: 0, lastMs: 0 }).bytes.length,
  }
  try {
    for (const inFlight of IN_FLIGHT) {
      const log = await openFileLog({
        dir: join(dir, String(inFlight)),
        origin: 'sallyport.local/bench',
        signer: generateKeyPairSync('ed25519').privateKey,
        checkpointMs: 1_000,
        nowMs: Date.now,
      })
      await load(log, inFlight, 500)
      Object.assign(figures, prefixed(`at${inFlight}`, await load(log, inFlight, short ? SHORT_RUN_MS : RUN_MS)))
      await log.close()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  const speed = figures['at64EntriesPerS'] ?? 0
  const cost = figures['at64MainThreadUs'] ?? Infinity
  return {
    figures,
    targets: {
      at64EntriesPerS: atLeast(speed, ENTRIES_PER_S_TARGET),
      at64MainThreadUs: atMost(cost, MAIN_THREAD_US_TARGET),
    },
  }
}

/** Appends from `inFlight` callers, each waiting for its entry to be durable before the next. */
async function load(log: FileLog, inFlight: number, forMs: number): Promise<Record<string, number>> {
  const waitsMs: number[] = []
  const startMs = performance.now()
  const busyBefore = performance.eventLoopUtilization()
  const caller = async (id: number): Promise<void> => {
    for (let i = 0; performance.now() - startMs < forMs; i++) {
      const body = decision(`${id}-${i}`)
      const sentMs = performance.now()
      await log.append(body)
      waitsMs.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, id) => caller(id)))
  const busyMs = performance.eventLoopUtilization(busyBefore).active
  const tookMs = performance.now() - startMs
  waitsMs.sort((a, b) => a - b)
  const quantile = (share: number): number => round(waitsMs[Math.floor((waitsMs.length - 1) * share)] ?? 0)
  return {
    EntriesPerS: Math.round((waitsMs.length / tookMs) * 1_000),
    P50Ms: quantile(0.5),
    P99Ms: quantile(0.99),
    MainThreadUs: round((busyMs / waitsMs.length) * 1_000),
  }
}

function prefixed(prefix: string, figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [prefix + key, value]))
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

/** A decision as the gateway writes it for a small tool call. */
function decision(act: string): EntryBody {
  return {
    type: 'decision',
    act,
    actor: { type: 'agent', id: 'procurement-assistant', credential: 'k-1', method: 'agent_key' },
    onBehalfOf: { user: 'alice', issuer: 'local' },
    session: 's-5f3c9a7e2b',
    task: 'reconcile-orders',
    purpose: 'procurement',
    action: { kind: 'tool.call', server: 'erp', name: 'readPurchaseOrders', digest: 'a'.repeat(64) },
    input: { commitment: 'b'.repeat(64), bytes: 64, shape: { department: 'string(10)', status: 'string(4)', limit: 'number' } },
    evaluated: 'allow',
    enforced: 'allow',
    reasons: ['granted'],
    votes: [{ rule: 'manifest', effect: 'allow', reason: 'granted', mode: 'enforce' }],
    obligations: ['filter_rows'],
    findings: [],
    versions: { gateway: '0.1.0', manifest: 'c'.repeat(64), definition: 'd'.repeat(64), epoch: 1 },
    budgets: ['procurement-assistant', 'procurement-assistant/erp.readPurchaseOrders'],
  }
}
