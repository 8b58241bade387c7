import { heldMs, SLOTS_PER_WINDOW, type Spend } from '@sallyport/core'

/** A change of what was taken: less for what was not used, more for what was used beyond it. */
export interface SpendChange extends Pick<Spend, 'key' | 'windowMs'> {
  readonly by: number
}

/** Amounts within sliding windows, of one process. Every step is synchronous. */
export interface SpendLedger {
  /** What is taken now, where there is not enough left for this; and how long until there is, where waiting helps. */
  shortage(spend: Spend, nowMs: number): { readonly used: number; readonly retryAfterMs?: number } | undefined
  /** Adds to what was taken at a moment. What has left its window is not changed any more. */
  change(change: SpendChange, atMs: number): void
}

/** Above this many budgets in memory, those whose amounts have all left their windows are forgotten. */
const BUDGETS_MAX = 100_000
/** They are looked for once in so many new budgets. */
const SWEEP_EVERY = 1_000

interface Account {
  readonly windowMs: number
  /** Amounts by the part of the window they fell into. */
  readonly slots: Map<number, number>
}

/** An amount is counted with its part of the window, a thousandth of it, until that whole part is older than the window. */
export function openSpendLedger(): SpendLedger {
  const accounts = new Map<string, Account>()
  let made = 0
  return { shortage, change }

  function shortage(spend: Spend, nowMs: number): ReturnType<SpendLedger['shortage']> {
    const { amount, max, windowMs } = spend
    const account = accounts.get(spend.key)
    const slots = account ? live(account, nowMs) : []
    const used = slots.reduce((sum, [, taken]) => sum + taken, 0)
    if (used + amount <= max) return undefined
    let rest = used
    for (const [slot, taken] of slots) {
      rest -= taken
      if (rest + amount <= max) return { used, retryAfterMs: Math.max(1, endsMs(slot, windowMs) - nowMs) }
    }
    // No wait makes room for what is larger than the whole budget.
    return { used }
  }

  function change({ key, windowMs, by }: SpendChange, atMs: number): void {
    const account = accounts.get(key) ?? opened(key, windowMs, atMs)
    const slot = slotOf(atMs, account.windowMs)
    account.slots.set(slot, Math.max(0, (account.slots.get(slot) ?? 0) + by))
  }

  function opened(key: string, windowMs: number, nowMs: number): Account {
    if (++made % SWEEP_EVERY === 0 && accounts.size >= BUDGETS_MAX) {
      for (const [idle, account] of accounts) if (live(account, nowMs).length === 0) accounts.delete(idle)
    }
    const account = { windowMs, slots: new Map<number, number>() }
    accounts.set(key, account)
    return account
  }
}

/** What still counts, oldest first. */
function live({ windowMs, slots }: Account, nowMs: number): readonly (readonly [slot: number, taken: number])[] {
  for (const slot of slots.keys()) if (endsMs(slot, windowMs) <= nowMs) slots.delete(slot)
  return [...slots].sort(([a], [b]) => a - b)
}

function slotOf(atMs: number, windowMs: number): number {
  return Math.floor((atMs * SLOTS_PER_WINDOW) / windowMs)
}

/** When a part has left the window. */
function endsMs(slot: number, windowMs: number): number {
  return Math.ceil((slot * windowMs) / SLOTS_PER_WINDOW + heldMs(windowMs))
}
