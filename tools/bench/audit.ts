import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildEntry } from '@sallyport/core'
import { logReader, logSize, openFileLog, type LogStore } from '@sallyport/gateway'
import { startWriterThread, type WriterLink } from '../../packages/gateway/src/stores/files/writer-link.ts'
import { atLeast, atMost, type Measured, type Program, type RunOptions } from '../report.ts'
import { floorPerS } from './audit/floor.ts'
import { closedLoad, pacedLoad, prefixed } from './audit/load.ts'
import { longLog } from './audit/long-log.ts'
import { openBenchPostgres, type BenchPostgres } from './audit/postgres.ts'
import { decision } from './audit/sample.ts'

const WRITERS = [1, 16, 64, 256]
/** Of the floor's entries per second at 64 writers. */
const FLOOR_SHARE_TARGET = 0.6
const PACED_PER_S = 2_000
const PACED_P99_MS_TARGET = 10
const WARM_MS = 500
const FULL = { runMs: 3_000, pacedMs: 10_000, longEntries: 10_000_000 }
const SHORT = { runMs: 700, pacedMs: 2_000, longEntries: 100_000 }

/** Durable entries per second of both adapters by writers, beside what the disk and the database do bare; reading a long log. */
export const audit: Program = { about: 'durable entries/s of both audit logs beside plain INSERT and fdatasync; a long log', run }

async function run({ short, note }: RunOptions): Promise<Measured> {
  const size = short ? SHORT : FULL
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const entryBytes = buildEntry(decision('act'), { index: 0, nowMs: 0, lastMs: 0 }).bytes.length
  const figures: Record<string, number> = { entryBytes }
  let postgres: BenchPostgres | undefined
  try {
    postgres = await openBenchPostgres()
    for (const writers of WRITERS) {
      note(`${writers} writers`)
      const load = (log: LogStore): Promise<Record<string, number>> =>
        warmLoad((act) => log.append(decision(act)), writers, size.runMs)
      const groups = countGroups()
      const logDir = join(dir, String(writers))
      Object.assign(figures, prefixed(`at${writers}`, await withLog(() => openFiles(logDir, groups.link), load)))
      const entries = Math.max(1, Math.round((await logSize(logReader(logDir))) / groups.count()))
      figures[`at${writers}GroupEntries`] = entries
      figures[`floorAt${writers}EntriesPerS`] = floorPerS(dir, { entries, entryBytes }, size.runMs)
      Object.assign(figures, prefixed(`postgresAt${writers}`, await withLog(postgres.openLog, load)))
      const inserts = await postgres.openInserts(writers)
      Object.assign(figures, prefixed(`insertAt${writers}`, await warmLoad(inserts.append, writers, size.runMs)))
      await inserts.close()
    }
    note(`${PACED_PER_S} entries a second`)
    const paced = async (log: LogStore): Promise<Record<string, number>> => {
      await pacedLoad((act) => log.append(decision(act)), PACED_PER_S, WARM_MS)
      return pacedLoad((act) => log.append(decision(act)), PACED_PER_S, size.pacedMs)
    }
    Object.assign(figures, prefixed('paced', await withLog(() => openFiles(join(dir, 'paced'), startWriterThread()), paced)))
    Object.assign(figures, prefixed('postgresPaced', await withLog(postgres.openLog, paced)))
    Object.assign(figures, await longLog(join(dir, 'long'), size.longEntries, note))
  } finally {
    await postgres?.remove()
    rmSync(dir, { recursive: true, force: true })
  }
  const share = Math.round(((figures['at64EntriesPerS'] ?? 0) / (figures['floorAt64EntriesPerS'] ?? Infinity)) * 1_000) / 1_000
  return {
    figures: { ...figures, at64FloorShare: share },
    targets: {
      at64FloorShare: atLeast(share, FLOOR_SHARE_TARGET),
      pacedP99Ms: atMost(figures['pacedP99Ms'] ?? Infinity, PACED_P99_MS_TARGET, ' ms'),
      postgresPacedP99Ms: atMost(figures['postgresPacedP99Ms'] ?? Infinity, PACED_P99_MS_TARGET, ' ms'),
    },
  }
}

interface Opened {
  readonly log: LogStore
  close(): Promise<void>
}

async function openFiles(dir: string, writer: WriterLink): Promise<Opened> {
  const signer = generateKeyPairSync('ed25519').privateKey
  const log = await openFileLog({ dir, origin: 'sallyport.local/bench', signer, checkpointMs: 1_000, nowMs: Date.now, writer })
  return { log, close: () => log.close() }
}

/** A writer thread that counts groups: the floor is measured with as many entries in each. */
function countGroups(): { readonly link: WriterLink; count(): number } {
  const thread = startWriterThread()
  let groups = 0
  const call: WriterLink['call'] = (request) => {
    if (request.verb === 'append') groups++
    return thread.call(request)
  }
  return { link: { call, stop: () => thread.stop() }, count: () => groups }
}

async function withLog<T>(open: () => Promise<Opened>, use: (log: LogStore) => Promise<T>): Promise<T> {
  const { log, close } = await open()
  try {
    return await use(log)
  } finally {
    await close()
  }
}

async function warmLoad(...[append, writers, forMs]: Parameters<typeof closedLoad>): ReturnType<typeof closedLoad> {
  await closedLoad(append, writers, WARM_MS)
  return closedLoad(append, writers, forMs)
}
