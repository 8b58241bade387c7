import { alertEntry, toEvents, type Alert, type EntryBody, type Observation, type StoredEntry } from '@sallyport/core'
import { sha256Native } from '../sha256-native.ts'

/** Older entries raise no alert: a log that is followed for the first time may be years long. */
const ALERT_AGE_MS_MAX = 7 * 86_400_000

export interface LogAlertsDeps {
  /** Of the log that is watched. */
  readonly origin: string
  readonly watch: (observation: Observation) => readonly Alert[]
  readonly append: (body: EntryBody) => Promise<number>
  /** Entries before an index, oldest first: what was usual before this process. */
  readonly earlier: (before: number) => AsyncIterable<StoredEntry>
  readonly nowMs: () => number
}

/**
 * Shows entries to the watch and writes the alerts it raises. The watch remembers what it saw and reports nothing twice, so a batch
 * that comes again after a failure is not shown anew, and an alert that could not be written waits here.
 */
export function logAlerts({
  origin,
  watch,
  append,
  earlier,
  nowMs,
}: LogAlertsDeps): (batch: readonly StoredEntry[]) => Promise<void> {
  const source = { origin, sha: sha256Native }
  const due: EntryBody[] = []
  let seen = -1
  return async (batch) => {
    await write()
    if (seen < 0) await recall(batch[0]?.index ?? 0)
    for (const stored of batch) {
      if (stored.index <= seen) continue
      seen = stored.index
      if (!canMatter(stored) || Date.parse(stored.entry.time) <= nowMs() - ALERT_AGE_MS_MAX) continue
      for (const event of toEvents(stored, source)) {
        for (const alert of watch({ type: 'event', event })) due.push(alertEntry(alert, stored.index))
      }
      await write()
    }
  }

  /** What was raised then is in the log; what was learnt from it is not. */
  async function recall(before: number): Promise<void> {
    for await (const stored of earlier(before)) {
      seen = stored.index
      if (canMatter(stored)) for (const event of toEvents(stored, source)) watch({ type: 'event', event })
    }
  }

  async function write(): Promise<void> {
    for (let next = due[0]; next !== undefined; next = due[0]) {
      await append(next)
      due.shift()
    }
  }
}

/** Half of all entries are decisions that allow; their outcomes say the rest. */
function canMatter({ entry }: StoredEntry): boolean {
  return entry.type !== 'decision' || entry.enforced !== 'allow' || entry.findings.length > 0
}
