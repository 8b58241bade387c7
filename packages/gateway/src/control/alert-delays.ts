import type { AuditLog, Entry } from '@sallyport/core'

/** Entries looked through, and alerts measured, newest first. */
export const ENTRIES_MAX = 20_000
export const ALERTS_MAX = 100
const PAGE = 1_000

/** How long it took from an entry to the alert it raised, over the newest alerts. */
export interface AlertDelays {
  readonly alerts: number
  readonly medianMs: number
  readonly maxMs: number
  /** How many of them each rule raised. */
  readonly rules: Readonly<Record<string, number>>
}

/** Measures the newest alerts that name an entry; `undefined` where there are none among the newest entries (R074). */
export async function alertDelays(audit: Pick<AuditLog, 'read' | 'size'>): Promise<AlertDelays | undefined> {
  const size = await audit.size()
  const delays: number[] = []
  const rules: Record<string, number> = {}
  for (let to = size; to > Math.max(0, size - ENTRIES_MAX) && delays.length < ALERTS_MAX; to -= PAGE) {
    const page = await audit.read(Math.max(0, to - PAGE), to)
    for (const { detail, time } of page.filter(isAlert).toReversed()) {
      if (delays.length === ALERTS_MAX) break
      const cause = Number(detail['entry'])
      const entry = page.find(({ index }) => index === cause) ?? (await audit.read(cause, cause + 1))[0]
      if (!entry) continue
      delays.push(Date.parse(time) - Date.parse(entry.time))
      const rule = String(detail['rule'])
      rules[rule] = (rules[rule] ?? 0) + 1
    }
  }
  if (delays.length === 0) return undefined
  const sorted = delays.toSorted((a, b) => a - b)
  return { alerts: sorted.length, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, maxMs: sorted.at(-1) ?? 0, rules }
}

function isAlert(entry: Entry): entry is Extract<Entry, { type: 'admin' }> {
  return entry.type === 'admin' && entry.verb === 'alert.raised' && Number.isSafeInteger(entry.detail['entry'])
}
