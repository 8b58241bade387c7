import type { AuditLog, Entry } from '@sallyport/core'

/** Entries looked through, and alerts measured, newest first. */
const ENTRIES_MAX = 20_000
const ALERTS_MAX = 100
const PAGE = 1_000

/** How long it took from an entry to the alert it raised. */
export interface AlertDelays {
  readonly alerts: number
  readonly medianMs: number
  readonly maxMs: number
}

/** Measures the newest alerts that name an entry; `undefined` where there are none among the newest entries (R074). */
export async function alertDelays(audit: Pick<AuditLog, 'read' | 'size'>): Promise<AlertDelays | undefined> {
  const size = await audit.size()
  const delays: number[] = []
  for (let to = size; to > Math.max(0, size - ENTRIES_MAX) && delays.length < ALERTS_MAX; to -= PAGE) {
    const page = await audit.read(Math.max(0, to - PAGE), to)
    const alerts = page
      .filter(isAlert)
      .reverse()
      .slice(0, ALERTS_MAX - delays.length)
    for (const alert of alerts) {
      const cause = alert.detail['entry'] as number
      const [entry] =
        page[0] && cause >= page[0].index ? page.filter(({ index }) => index === cause) : await audit.read(cause, cause + 1)
      if (entry) delays.push(Date.parse(alert.time) - Date.parse(entry.time))
    }
  }
  if (delays.length === 0) return undefined
  const sorted = delays.toSorted((a, b) => a - b)
  return { alerts: sorted.length, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, maxMs: sorted.at(-1) ?? 0 }
}

function isAlert(entry: Entry): entry is Extract<Entry, { type: 'admin' }> {
  return entry.type === 'admin' && entry.verb === 'alert.raised' && Number.isSafeInteger(entry.detail['entry'])
}
